/** Names that tell which layer is which, from the smallest to the largest. */
const KNOWN_ORDERS = [
  ["q", "h", "f"],
  ["l", "m", "h"],
  ["lo", "mid", "hi"],
  ["low", "mid", "high"],
  ["low", "medium", "high"],
  // OBS: 0 is the encoder's own size, and each further one is smaller.
  ["3", "2", "1", "0"],
];

/**
 * Encodings as mediasoup wants them, the smallest first. SDP does not say which that is: as listed, since browsers scale the first one
 * down most, unless all their names say otherwise.
 */
export function orderLayers(rids: readonly string[]): string[] {
  const known = KNOWN_ORDERS.find((names) => rids.every((rid) => names.includes(rid)));
  return known ? known.filter((name) => rids.includes(name)) : [...rids];
}
