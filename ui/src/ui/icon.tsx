// Line icons, drawn for this app on a 24-unit grid. Icons are decoration: the
// text beside them, or the label of their button, says what they mean.

const paths = {
  search: 'M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13Zm5 11.5L20 20',
  briefcase: 'M4 8h16v11H4zM9 8V5h6v3M4 13h16',
  chat: 'M4 5h16v11H10l-5 4v-4H4z',
  chart: 'M4 20h16M7 16v-5M12 16V6M17 16v-8',
  bell: 'M6 16V11a6 6 0 0 1 12 0v5l1.5 2h-15zM10 21h4',
  muted: 'M6 16V11a6 6 0 0 1 9-5.200M18 11v5l1.500 2h-13M10 21h4M4 4l16 16',
  user: 'M12 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8ZM5 20c.8-3.6 3.6-5.5 7-5.5s6.2 1.9 7 5.5',
  people: 'M9 5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7ZM3 19c.6-3 3-4.7 6-4.7s5.400 1.700 6 4.700M16 5.500a3.300 3.300 0 0 1 0 6.200M17.500 14.600c1.800.6 3 2.100 3.500 4.400',
  plus: 'M12 5v14M5 12h14',
  check: 'm5 12.500 4.500 4.500L19 7.500',
  close: 'M6 6l12 12M18 6 6 18',
  back: 'M19 12H5m6-6-6 6 6 6',
  next: 'M5 12h14m-6-6 6 6-6 6',
  down: 'm6 9 6 6 6-6',
  send: 'M4 12 20 4l-5 16-4-7z',
  clock: 'M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16Zm0 4v4l3 2',
  lock: 'M6 11h12v9H6zM8.500 11V8a3.500 3.500 0 0 1 7 0v3',
  money: 'M3 7h18v11H3zM12 10a2.500 2.500 0 1 1 0 5 2.500 2.500 0 0 1 0-5ZM6 10v5M18 10v5',
  edit: 'M5 19h3L19 8l-3-3L5 16z',
  eye: 'M3 12c2.500-4.500 5.500-6.500 9-6.500s6.500 2 9 6.500c-2.500 4.500-5.500 6.500-9 6.500S5.500 16.500 3 12Zm9-2.500a2.500 2.500 0 1 1 0 5 2.500 2.500 0 0 1 0-5Z',
  alert: 'M12 4 2.500 20h19zM12 10v4M12 17v.5',
  info: 'M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16Zm0 7v5M12 8v.5',
  sun: 'M12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8ZM12 3v1.500M12 19.500V21M3 12h1.500M19.500 12H21M5.600 5.600l1.100 1.100M17.300 17.300l1.100 1.100M5.600 18.400l1.100-1.100M17.300 6.700l1.100-1.100',
  moon: 'M19 14.500A7.500 7.500 0 0 1 9.500 5a7.500 7.500 0 1 0 9.500 9.500Z',
  screen: 'M4 5h16v11H4zM9 20h6M12 16v4',
  globe: 'M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16ZM4 12h16M12 4c2.500 2.500 3.500 5 3.500 8s-1 5.500-3.500 8c-2.500-2.500-3.500-5-3.500-8s1-5.500 3.500-8Z',
  download: 'M12 4v11m-4.500-4.500L12 15l4.500-4.500M5 20h14',
  retry: 'M19 8a8 8 0 1 0 1 5M20 4v5h-5',
  exit: 'M10 4H5v16h5M14 8l4 4-4 4M18 12H9',
  filter: 'M4 6h16M7 12h10M10 18h4',
  doc: 'M6 3h8l4 4v14H6zM14 3v4h4M9 12h6M9 16h6',
  offline: 'M3 3l18 18M5 12c1.500-1.400 3.300-2.300 5.200-2.600M8 15.500a6 6 0 0 1 7 0M19 12a10.500 10.500 0 0 0-4.500-2.500M12 19v.5',
  pause: 'M9 6v12M15 6v12',
  bank: 'M4 10h16L12 4zM6 10v7M10 10v7M14 10v7M18 10v7M3.500 20h17',
  clip: 'm19 11-7.500 7.500a4.500 4.500 0 0 1-6.400-6.400l7.500-7.500a3 3 0 0 1 4.300 4.300l-7.500 7.500a1.500 1.500 0 0 1-2.200-2.100l6.800-6.800',
  reply: 'M10 6 4 12l6 6M4 12h9c4 0 7 2 7 6',
  smile: 'M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16ZM8.500 14a4.300 4.300 0 0 0 7 0M9 9.500v.5M15 9.500v.5',
  dots: 'M6 12h.01M12 12h.01M18 12h.01',
  archive: 'M4 5h16v4H4zM5.500 9v10h13V9M10 13h4',
  block: 'M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16ZM6.500 6.500l11 11',
  flag: 'M6 21V4h11l-2 4 2 4H6',
  trash: 'M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13',
  upload: 'M12 20V9m-4.500 4.500L12 9l4.500 4.500M5 4h14',
  star: 'm12 4 2.400 5.200 5.600.7-4.200 3.900 1.100 5.600-4.900-2.800-4.900 2.800 1.100-5.600L4 9.900l5.600-.7z',
} as const;

export type IconName = keyof typeof paths;

interface Props {
  name: IconName;
  className?: string;
  /** Arrows that point along the reading direction turn around in right-to-left languages. */
  directed?: boolean;
}

export function Icon({ name, className = 'size-5', directed = false }: Props) {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true" className={`shrink-0 ${directed ? 'rtl:-scale-x-100' : ''} ${className}`}
      fill="none" stroke="currentColor" strokeWidth="1.75" strokeLinecap="round" strokeLinejoin="round">
      <path d={paths[name]} />
    </svg>
  );
}
