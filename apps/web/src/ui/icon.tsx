/** Paths of 24 × 24 outlines, drawn with a stroke of 2. */
const PATHS = {
  microphone: "M12 3a3 3 0 0 0-3 3v6a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3ZM5 11v1a7 7 0 0 0 14 0v-1M12 19v3",
  "microphone-off":
    "M9 9v3a3 3 0 0 0 5 2.2M15 11V6a3 3 0 0 0-5.7-1.3M5 11v1a7 7 0 0 0 11.8 5M19 11v1c0 .7-.1 1.4-.3 2M12 19v3M3 3l18 18",
  camera: "M4 6h9a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V8a2 2 0 0 1 2-2ZM15 11l7-4v10l-7-4",
  "camera-off":
    "M10 6h3a2 2 0 0 1 2 2v3l7-4v10l-3-1.7M15 15v1a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V8a2 2 0 0 1 2-2M3 3l18 18",
  screen:
    "M4 4h16a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2ZM8 21h8M12 14V8M9 10.500l3-3 3 3",
  "screen-off":
    "M4 4h16a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2ZM8 21h8M9.500 8l5 5M14.500 8l-5 5",
  chat: "M20 4H4a2 2 0 0 0-2 2v9a2 2 0 0 0 2 2h3v4l5-4h8a2 2 0 0 0 2-2V6a2 2 0 0 0-2-2Z",
  people:
    "M9 11a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7ZM2.500 20v-1a5 5 0 0 1 5-5h3a5 5 0 0 1 5 5v1M16 4.300a3.500 3.500 0 0 1 0 6.400M18 14.300a5 5 0 0 1 3.500 4.700v1",
  link: "M10 14a4 4 0 0 0 5.700 0l4-4A4 4 0 0 0 14 4.300l-1 1M14 10a4 4 0 0 0-5.700 0l-4 4A4 4 0 0 0 10 19.700l1-1",
  leave: "M10 4H6a2 2 0 0 0-2 2v12a2 2 0 0 0 2 2h4M15 16l4-4-4-4M19 12H9",
  settings:
    "M4 7h9M19 7h1M4 17h1M11 17h9M16 9.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5ZM8 19.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5Z",
  close: "M6 6l12 12M18 6L6 18",
  send: "M4 12l16-8-6 16-3-6-7-2Z",
  speaker: "M4 9v6h4l5 4V5L8 9H4ZM16.500 9a4 4 0 0 1 0 6M19 6.500a8 8 0 0 1 0 11",
  "speaker-off": "M4 9v6h4l5 4V5L8 9H4ZM16 9l5 6M21 9l-5 6",
  "full-screen": "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  eye: "M2 12s3.500-7 10-7 10 7 10 7-3.500 7-10 7-10-7-10-7ZM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6Z",
  "eye-off":
    "M9.500 5.300A10 10 0 0 1 12 5c6.500 0 10 7 10 7a17 17 0 0 1-3.200 4.100M6.600 6.700A16 16 0 0 0 2 12s3.500 7 10 7a10 10 0 0 0 5.300-1.600M10 10a3 3 0 0 0 4 4M3 3l18 18",
  copy: "M9 9h10a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H9a1 1 0 0 1-1-1V10a1 1 0 0 1 1-1ZM5 15H4a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1h10a1 1 0 0 1 1 1v1",
  remove:
    "M9 11a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7ZM2.500 20v-1a5 5 0 0 1 5-5h3a5 5 0 0 1 5 5v1M17 11h5",
} as const;

export type IconName = keyof typeof PATHS;

/** Decoration only: what it stands beside carries the name. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
