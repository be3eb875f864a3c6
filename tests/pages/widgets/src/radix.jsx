import * as Select from '@radix-ui/react-select'
import { show, useKept } from './kept.js'

function Page() {
  const [fruit, setFruit] = useKept('fruit', '')
  return (
    <form>
      <label htmlFor="fruit">Fruit</label>
      <Select.Root value={fruit} onValueChange={setFruit} name="fruit">
        <Select.Trigger id="fruit">
          <Select.Value placeholder="Select a fruit" />
        </Select.Trigger>
        <Select.Portal>
          <Select.Content position="popper">
            <Select.Viewport>
              {['Apple', 'Banana', 'Blueberry'].map((each) => (
                <Select.Item key={each} value={each.toLowerCase()}>
                  <Select.ItemText>{each}</Select.ItemText>
                </Select.Item>
              ))}
            </Select.Viewport>
          </Select.Content>
        </Select.Portal>
      </Select.Root>
    </form>
  )
}

show(<Page />)
