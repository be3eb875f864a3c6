import { memo, type ReactNode, type RefObject, useEffect, useLayoutEffect, useRef, useState } from "react";

/** Rows that are drawn, or left out, together. */
export const BLOCK_ROWS = 25;
/** What an ordinary row is high, until the block was drawn once. */
const ROW_PX = 64;

interface RowBlocksProps {
  /** What the list is of, for those who hear it: "Steps". */
  label: string;
  count: number;
  /** The number of the list's first row, as it is shown. */
  start: number;
  /** Rows that must be drawn wherever they are. */
  pinned: readonly number[];
  children(from: number, to: number): ReactNode;
}

/** A long list in blocks: those near to what can be seen are drawn, the others are only as high as they would be. */
export function RowBlocks({ label, count, start, pinned, children }: RowBlocksProps) {
  const box = useRef<HTMLDivElement>(null);
  const blocks = Math.ceil(count / BLOCK_ROWS);
  const seen = useSeenBlocks(box, blocks);
  const isNear = (block: number) => blocks < 3 || [block - 1, block, block + 1].some((each) => seen.has(each));
  return (
    <div ref={box}>
      {Array.from({ length: blocks }, (_, block) => {
        const from = block * BLOCK_ROWS;
        const to = Math.min(count, from + BLOCK_ROWS);
        const isDrawn = isNear(block) || pinned.some((row) => from <= row && row < to);
        const name = blocks > 1 ? `${label} ${start + from} to ${start + to - 1}` : label;
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: a block is its place
          <Block key={block} block={block} name={name} rows={to - from} start={start + from} isDrawn={isDrawn}>
            {isDrawn && children(from, to)}
          </Block>
        );
      })}
    </div>
  );
}

interface BlockProps {
  block: number;
  name: string;
  rows: number;
  start: number;
  isDrawn: boolean;
  children: ReactNode;
}

const Block = memo(function Block({ block, name, rows, start, isDrawn, children }: BlockProps) {
  const list = useRef<HTMLOListElement>(null);
  const height = useRef<number | null>(null);
  useLayoutEffect(() => {
    if (isDrawn) height.current = list.current?.offsetHeight ?? null;
  });
  const room = isDrawn ? undefined : { height: height.current ?? rows * ROW_PX };
  return (
    <ol
      ref={list}
      className="jp-steps"
      data-block={block}
      start={start}
      style={room}
      aria-label={name}
      aria-hidden={!isDrawn || undefined}
    >
      {children}
    </ol>
  );
});

/** Returns the blocks of which a part can be seen. */
function useSeenBlocks(box: RefObject<HTMLElement | null>, blocks: number): ReadonlySet<number> {
  const [seen, setSeen] = useState<ReadonlySet<number>>(new Set());
  useEffect(() => {
    if (blocks < 3) return;
    const observer = new IntersectionObserver((entries) =>
      setSeen((before) => {
        const after = new Set(before);
        for (const { target, isIntersecting } of entries) {
          const block = Number((target as HTMLElement).dataset.block);
          if (isIntersecting) after.add(block);
          else after.delete(block);
        }
        return after;
      }),
    );
    for (const block of box.current?.querySelectorAll("[data-block]") ?? []) observer.observe(block);
    return () => observer.disconnect();
  }, [box, blocks]);
  return seen;
}
