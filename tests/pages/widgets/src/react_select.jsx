import Select from 'react-select'
import { show, useKept } from './kept.js'

const countries = ['Germany', 'France', 'French Guiana', 'Spain'].map((label) => ({ label, value: label.slice(0, 3) }))
const tags = ['red', 'green', 'blue'].map((label) => ({ label, value: label }))

function Page() {
  const [country, setCountry] = useKept('country', null, (option) => option.label)
  const [chosen, setChosen] = useKept('tags', [], (options) => options.map((each) => each.label))
  return (
    <>
      <label htmlFor="country">Country</label>
      <Select inputId="country" options={countries} value={country} onChange={setCountry} />
      <label htmlFor="tags">Tags</label>
      <Select inputId="tags" options={tags} isMulti value={chosen} onChange={setChosen} />
    </>
  )
}

show(<Page />)
