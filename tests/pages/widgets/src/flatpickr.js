import flatpickr from 'flatpickr'
import 'flatpickr/dist/flatpickr.min.css'

document.getElementById('root').innerHTML = '<label>Date <input id="date"></label>'
flatpickr('#date', { allowInput: true, onChange: (_, text) => window.say(`date=${text}`) })
