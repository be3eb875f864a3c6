import 'bootstrap/dist/css/bootstrap.min.css'
import 'bootstrap/js/dist/dropdown'
import { broken } from './kept.js'

document.getElementById('root').innerHTML = `
  <ul><li>Oldest first</li></ul>
  <div class="dropdown">
    <button class="btn btn-secondary dropdown-toggle" id="sort" data-bs-toggle="dropdown" aria-expanded="false">Newest first</button>
    <ul class="dropdown-menu" id="menu">
      <li><a class="dropdown-item" href="#">Newest first</a></li>
      <li><a class="dropdown-item" href="#">Oldest first</a></li>
    </ul>
  </div>
  <div class="form-check form-switch">
    <input class="form-check-input" type="checkbox" role="switch" id="alerts">
    <label class="form-check-label" for="alerts">Alerts</label>
  </div>
  <input type="checkbox" class="btn-check" id="bold" autocomplete="off">
  <label class="btn btn-primary" for="bold">Bold</label>`

document.getElementById('menu').onclick = (event) => {
  event.preventDefault()
  if (broken) return
  document.getElementById('sort').textContent = event.target.textContent
  window.say(`sort=${event.target.textContent}`)
}
for (const id of ['alerts', 'bold']) {
  const box = document.getElementById(id)
  box.onchange = () => {
    if (broken) box.checked = !box.checked
    window.say(`${id}=${box.checked}`)
  }
}
