import IMask from 'imask'

document.getElementById('root').innerHTML = '<label>Phone <input id="phone"></label><label>Price <input id="price"></label>'
const phone = IMask(document.getElementById('phone'), { mask: '(000) 000-0000' })
phone.on('complete', () => window.say(`phone=${phone.unmaskedValue}`))
const price = IMask(document.getElementById('price'), { mask: Number, scale: 2, thousandsSeparator: ' ', radix: '.' })
price.on('accept', () => window.say(`price=${price.typedValue}`))
