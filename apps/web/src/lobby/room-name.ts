const ADJECTIVES = [
  "amber",
  "brisk",
  "calm",
  "clear",
  "early",
  "gentle",
  "golden",
  "keen",
  "lively",
  "quiet",
];
const NOUNS = ["anchor", "bay", "beacon", "cove", "harbor", "island", "lagoon", "sail", "shore", "tide"];

const ROOM_ID_LENGTH = 64;

/**
 * A room name that can be read out over the phone, e.g. `calm-harbor-4831`.
 * @param random Uniform over 0..1, as `Math.random`: such a name is a convenience, tickets are what protects a room.
 */
export function generateRoomName(random: () => number): string {
  const pick = (words: string[]) => words[Math.floor(random() * words.length)];
  return `${pick(ADJECTIVES)}-${pick(NOUNS)}-${1_000 + Math.floor(random() * 9_000)}`;
}

/** @returns The room id that a person means by `text` (`Weekly stand-up` → `Weekly-stand-up`); may be empty. */
export function toRoomId(text: string): string {
  return text
    .normalize("NFKD")
    .replace(/\p{Mark}/gu, "")
    .replace(/[^A-Za-z0-9_-]+/g, "-")
    .replace(/^-+/, "")
    .slice(0, ROOM_ID_LENGTH)
    .replace(/-+$/, "");
}
