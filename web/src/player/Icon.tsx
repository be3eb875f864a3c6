const PATHS = {
  pause: "M8 5v14M16 5v14",
  play: "M7 4.5v15l12-7.5z",
  step: "M6 5v14l9-7zM19 5v14",
  stop: "M6 6h12v12H6z",
  runTo: "M4 6l7 6-7 6zM14 12h6M20 5v14",
  check: "M5 12.5l4.5 4.5L19 7.5",
  cross: "M6 6l12 12M18 6L6 18",
  edit: "M4 20h4L19.5 8.5l-4-4L4 16zM13.5 6.5l4 4",
  skip: "M5 5l7 7-7 7M12 5l7 7-7 7",
  hand: "M8 12.5V6a1.6 1.6 0 0 1 3.2 0v5M11.2 11V4.6a1.6 1.6 0 0 1 3.2 0V11M14.4 11V6.2a1.6 1.6 0 0 1 3.2 0V15a6 6 0 0 1-6 6c-2.6 0-4-1-5.3-3L4.2 14.600a1.6 1.6 0 0 1 2.7-1.700L8 14.4",
  target: "M12 3v4M12 17v4M3 12h4M17 12h4M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8z",
  share:
    "M8.5 13.500l7 4M15.5 6.500l-7 4M18 8a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM6 14.500a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM18 21a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z",
  full: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  pip: "M3 5h18v14H3zM12.5 12h6v4.500h-6z",
  zoom: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.500L20 20M10.5 7.500v6M7.5 10.500h6",
  fit: "M3 6h18v12H3zM8 10l-2 2 2 2M16 10l2 2-2 2",
  stats: "M5 20V11M12 20V4M19 20v-6",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 9.500a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z",
  hidden:
    "M4 4l16 16M9.9 5.800A9 9 0 0 1 12 5.500c6 0 9.500 6.500 9.500 6.500a16 16 0 0 1-2.700 3.400M6.500 7.600A16 16 0 0 0 2.500 12S6 18.500 12 18.500a9 9 0 0 0 4-1",
  uncover: "M3 8h18v8H3zM7 12h.1M11 12h.1M15 12h2",
  live: "M12 10a2 2 0 1 0 0 4 2 2 0 0 0 0-4zM7.5 7.500a6.4 6.4 0 0 0 0 9M16.5 7.500a6.4 6.4 0 0 1 0 9",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  plus: "M12 5v14M5 12h14",
  again: "M20 12a8 8 0 1 1-2.5-5.800M20 3.500v4.500h-4.5",
  prev: "M15 5l-7 7 7 7",
  next: "M9 5l7 7-7 7",
  external: "M14 4h6v6M20 4l-9 9M18 14v5H5V6h5",
  download: "M12 4v11M7 10.500l5 5 5-5M4 20h16",
  warn: "M12 4L2.5 20h19zM12 10v4.500M12 17.300v.2",
  forward: "M5 12h14M13 6l6 6-6 6",
  comment: "M4 5h16v11H9l-5 4z",
  back: "M19 12H5M11 6l-6 6 6 6",
  trash: "M4 7h16M9 7V4h6v3M6.5 7l1 13h9l1-13",
  keyboard: "M3 6h18v12H3zM7 10h.1M11 10h.1M15 10h.1M7.5 14h9",
  cards: "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z",
  list: "M4 6h16M4 12h16M4 18h16",
  person: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4.5 20.500a7.5 7.5 0 0 1 15 0",
} as const;

export type IconName = keyof typeof PATHS;

/** A drawing that says nothing by itself: the button around it has the name. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="jp-icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
