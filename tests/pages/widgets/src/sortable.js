import Sortable from 'sortablejs'

const names = ['Alpha', 'Beta', 'Gamma', 'Delta']
document.getElementById('root').innerHTML = `<ul id="list" style="width: 200px">${names.map((each) => `<li>${each}</li>`).join('')}</ul>`
const list = document.getElementById('list')
Sortable.create(list, {
  forceFallback: location.search === '?fallback',
  onEnd: () => window.say(`order=${[...list.children].map((each) => each.textContent)}`),
})
