import { Form, Select } from 'antd'
import { show, useKept } from './kept.js'

const names = [...Array(80).keys()].map((each) => ({ value: each, label: `City ${each}` }))

function Page() {
  const [city, setCity] = useKept('city', 0)
  const [country, setCountry] = useKept('country', null)
  const [tags, setTags] = useKept('tags', [])
  return (
    <Form>
      <Form.Item label="City" htmlFor="city">
        <Select id="city" options={names} value={city} onChange={setCity} />
      </Form.Item>
      <Form.Item label="Country" htmlFor="country">
        <Select
          id="country"
          showSearch
          optionFilterProp="label"
          placeholder="Choose a country"
          options={['Germany', 'France', 'Spain'].map((label) => ({ label, value: label }))}
          value={country}
          onChange={setCountry}
        />
      </Form.Item>
      <Form.Item label="Tags" htmlFor="tags">
        <Select
          id="tags"
          mode="multiple"
          options={['red', 'green', 'blue'].map((label) => ({ label, value: label }))}
          value={tags}
          onChange={setTags}
        />
      </Form.Item>
    </Form>
  )
}

show(<Page />)
