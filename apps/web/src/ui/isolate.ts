/** Letters of which none turns the direction of a line, with digits, signs and spaces. */
const PLAIN = /^[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{N}\p{P}\p{S}\p{Zs}]*$/u;

/** Keeps a name's direction and marks from the words around it, where no `<bdi>` can stand: in labels. */
export function isolate(name: string): string {
  return PLAIN.test(name) ? name : `\u2068${name.replace(/[\u2066-\u2069\u202a-\u202e]/g, "")}\u2069`;
}
