import { Field, Label, Listbox, ListboxButton, ListboxOption, ListboxOptions } from '@headlessui/react'
import { show, useKept } from './kept.js'

const people = ['Durward Reynolds', 'Kenton Towne', 'Therese Wunsch']

function Page() {
  const [person, setPerson] = useKept('person', people[0])
  const [team, setTeam] = useKept('team', [people[0]])
  return (
    <>
      <Field>
        <Label>Assignee</Label>
        <Listbox value={person} onChange={setPerson}>
          <ListboxButton>{person}</ListboxButton>
          <ListboxOptions anchor="bottom">
            {people.map((each) => (
              <ListboxOption key={each} value={each}>
                {each}
              </ListboxOption>
            ))}
          </ListboxOptions>
        </Listbox>
      </Field>
      <Field>
        <Label>Team</Label>
        <Listbox multiple value={team} onChange={setTeam}>
          <ListboxButton>{team.length} people</ListboxButton>
          <ListboxOptions anchor="bottom">
            {people.map((each) => (
              <ListboxOption key={each} value={each}>
                {each}
              </ListboxOption>
            ))}
          </ListboxOptions>
        </Listbox>
      </Field>
    </>
  )
}

show(<Page />)
