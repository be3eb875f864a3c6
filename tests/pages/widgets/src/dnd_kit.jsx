import { closestCenter, DndContext, PointerSensor, useSensor, useSensors } from '@dnd-kit/core'
import { arrayMove, SortableContext, useSortable, verticalListSortingStrategy } from '@dnd-kit/sortable'
import { show, useKept } from './kept.js'

function Item({ id }) {
  const { attributes, listeners, setNodeRef, transform, transition } = useSortable({ id })
  const moved = transform ? `translate3d(${transform.x}px, ${transform.y}px, 0)` : undefined
  return (
    <li ref={setNodeRef} style={{ transform: moved, transition, height: 30 }} {...attributes} {...listeners}>
      {id}
    </li>
  )
}

function Page() {
  const [items, setItems] = useKept('order', ['Alpha', 'Beta', 'Gamma', 'Delta'])
  const sensors = useSensors(useSensor(PointerSensor, { activationConstraint: { distance: 5 } }))
  const end = ({ active, over }) => {
    if (over && active.id !== over.id) setItems(arrayMove(items, items.indexOf(active.id), items.indexOf(over.id)))
  }
  return (
    <DndContext sensors={sensors} collisionDetection={closestCenter} onDragEnd={end}>
      <SortableContext items={items} strategy={verticalListSortingStrategy}>
        <ul style={{ width: 200 }}>
          {items.map((each) => (
            <Item key={each} id={each} />
          ))}
        </ul>
      </SortableContext>
    </DndContext>
  )
}

show(<Page />)
