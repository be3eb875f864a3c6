import { Autocomplete, FormControl, InputLabel, MenuItem, Select, TextField } from '@mui/material'
import { show, useKept } from './kept.js'

function Page() {
  const [age, setAge] = useKept('age', '')
  const [sizes, setSizes] = useKept('sizes', [])
  const [city, setCity] = useKept('city', null)
  return (
    <>
      <FormControl fullWidth>
        <InputLabel id="age-label">Age</InputLabel>
        <Select labelId="age-label" label="Age" value={age} onChange={(event) => setAge(event.target.value)}>
          <MenuItem value={10}>Ten</MenuItem>
          <MenuItem value={20}>Twenty</MenuItem>
          <MenuItem value={21}>Twenty one</MenuItem>
        </Select>
      </FormControl>
      <FormControl fullWidth>
        <InputLabel id="size-label">Sizes</InputLabel>
        <Select multiple labelId="size-label" label="Sizes" value={sizes} onChange={(event) => setSizes(event.target.value)}>
          {['Small', 'Medium', 'Large'].map((each) => (
            <MenuItem key={each} value={each}>
              {each}
            </MenuItem>
          ))}
        </Select>
      </FormControl>
      <Autocomplete
        options={['Berlin', 'Bern', 'Bonn']}
        value={city}
        onChange={(_, next) => setCity(next)}
        renderInput={(given) => <TextField {...given} label="City" />}
      />
    </>
  )
}

show(<Page />)
