const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** First letters of the first and last word of a name, as people see letters; `?` for no name. */
export function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const chosen = words.length > 1 ? [words[0], words.at(-1)] : words;
  return chosen.map((word) => firstLetter(word ?? "")).join("") || "?";
}

function firstLetter(word: string): string {
  for (const { segment } of graphemes.segment(word)) return segment.toLocaleUpperCase();
  return "";
}

const HUES = 10;
/** From green over blue to violet: reds are for warnings. */
const FIRST_HUE = 140;

/** The same hue (0..359) for the same peer on every screen. */
export function hueOf(text: string): number {
  let sum = 0;
  for (const char of text) sum = (sum * 31 + (char.codePointAt(0) ?? 0)) % 9_973;
  return (sum % HUES) * (190 / HUES) + FIRST_HUE;
}
