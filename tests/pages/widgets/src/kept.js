import { useState } from 'react'
import { createRoot } from 'react-dom/client'

/** Whether the page is to ignore what is done to it, as one with a fault would. */
export const broken = location.search === '?broken'

/** A state that tells the test what it has become. */
export function useKept(name, first, told = (value) => value) {
  const [value, set] = useState(first)
  const keep = (next) => {
    if (broken) return
    set(next)
    window.say(`${name}=${told(next)}`)
  }
  return [value, keep]
}

export function show(page) {
  createRoot(document.getElementById('root')).render(page)
}
