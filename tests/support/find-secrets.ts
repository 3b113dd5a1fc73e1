/** Whatever looks like it, whoever made it. */
const ALIKE = {
  "a JWT": /eyJ[\w-]{8,}\.[\w-]{8,}/,
  SDP: /a=(ice-|fingerprint|candidate)/,
  "a DTLS fingerprint": /([\dA-F]{2}:){19}/i,
  "a password in a URL": /:\/\/[^\s/:@"]*:[^\s/@"]+@/,
  "a private key": /"d":"|PRIVATE KEY/,
};

export type FoundSecret = { what: string; line: string };

/** @param known What each secret is, by its text. @returns The lines in which something secret stands. */
export function findSecrets(
  lines: readonly string[],
  known: ReadonlyMap<string, string> = new Map(),
): FoundSecret[] {
  return lines.flatMap((line) => secretsOf(line, known).map((what) => ({ what, line })));
}

function secretsOf(line: string, known: ReadonlyMap<string, string>): string[] {
  const told = [...known].filter(([secret]) => line.includes(secret)).map(([, what]) => what);
  const alike = Object.entries(ALIKE).filter(([, pattern]) => pattern.test(line));
  return [...told, ...alike.map(([what]) => what)];
}
