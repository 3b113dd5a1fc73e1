import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import {
  type MadeCodec,
  type MadeOffer,
  type MadeSection,
  MID,
  makeOffer,
  RID,
  TRANSPORT_CC,
} from "./make-offer.ts";

const FOLDER = join(import.meta.dirname, "offers");

/** Offers of real clients, by name: captured from browsers, the others written as their documentation and source say. */
export const REAL_OFFERS: ReadonlyMap<string, string> = new Map(
  readdirSync(FOLDER).map((file) => [
    file.replace(".sdp", ""),
    readFileSync(join(FOLDER, file), "utf8").replaceAll("\n", "\r\n"),
  ]),
);

const H264_FORMATS = ["42e01f", "42001f", "4d001f", "64001f", "640c1f", "f4001f"].map(
  (profile) => `level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=${profile}`,
);
const AUDIO = [
  ["opus/48000/2", "minptime=10;useinbandfec=1"],
  ["opus/48000/2", "sprop-stereo=1;stereo=1"],
  ["PCMU/8000"],
];
const VIDEO = [
  ["VP8/90000"],
  ["VP9/90000", "profile-id=0"],
  ["AV1/90000"],
  ...H264_FORMATS.map((fmtp) => ["H264/90000", fmtp]),
];

/** Payload types that no other codec of the offer has. */
const payloadTypes = fc.shuffledSubarray(
  [
    ...Array.from({ length: 29 }, (_, index) => 35 + index),
    ...Array.from({ length: 32 }, (_, index) => 96 + index),
  ],
  { minLength: 12, maxLength: 12 },
);

const direction = fc.constantFrom("sendonly", "sendonly", "recvonly", "recvonly", "sendrecv", "inactive");

const section = fc.record({
  kind: fc.constantFrom("audio" as const, "video" as const, "video" as const),
  direction,
  names: fc.array(fc.nat(9), { minLength: 1, maxLength: 2 }),
  hasRtx: fc.boolean(),
  ids: fc.shuffledSubarray([1, 2, 3, 4, 5, 9, 14], { minLength: 3, maxLength: 3 }),
  rids: fc.option(
    fc.uniqueArray(fc.constantFrom("l", "m", "h", "q", "f", "0", "1"), { minLength: 1, maxLength: 3 }),
  ),
  mid: fc.option(fc.stringMatching(/^[a-z0-9]{1,12}$/)),
});

/** Offers that a client might make, most of which can be answered. */
export const offer: fc.Arbitrary<MadeOffer> = fc
  .tuple(
    fc.array(section, { minLength: 1, maxLength: 4 }),
    payloadTypes,
    fc.constantFrom("actpass", "active", "passive"),
    fc.boolean(),
  )
  .map(([sections, types, setup, isTrickled]) => {
    const pts = [...types, ...Array.from({ length: 40 }, (_, index) => index)];
    const take = () => pts.shift() ?? 0;
    const made = sections.map(({ kind, names, hasRtx, ids, rids, mid, ...rest }, index): MadeSection => {
      const table = kind === "audio" ? AUDIO : VIDEO;
      const codecs = names.map((name): MadeCodec => {
        const [codec = "", fmtp] = table[name % table.length] ?? [];
        const isWithRtx = kind === "video" && hasRtx;
        return { pt: take(), name: codec, ...(fmtp ? { fmtp } : {}), ...(isWithRtx ? { rtx: take() } : {}) };
      });
      const ext = Object.fromEntries(ids.map((id, at) => [id, [MID, RID, TRANSPORT_CC][at] ?? MID]));
      const layers = kind === "video" && rids && rest.direction !== "recvonly" ? { rids } : {};
      return { ...rest, kind, codecs, ext, ...layers, mid: `${mid ?? ""}${index}`, ssrc: 1_000 + 10 * index };
    });
    return { sections: made, setup, isTrickled };
  });

const NASTY = [
  ...[
    "",
    " ",
    "0",
    "-1",
    "256",
    "65536",
    "4294967296",
    "99999999999999999999",
    "NaN",
    "%00",
    "a".repeat(3_000),
  ],
  ...["__proto__", "constructor", "hasOwnProperty=1", "\u2028", "\ud83d\ude00", "a=", "m=", ";;;===", "*"],
];

type Damage = { kind: number; line: number; other: number; nasty: string };

const damage: fc.Arbitrary<Damage> = fc.record({
  kind: fc.nat(5),
  line: fc.nat(10_000),
  other: fc.nat(10_000),
  nasty: fc.constantFrom(...NASTY),
});

/** Leaves out, repeats, moves, cuts or rewrites lines. */
function applyDamage(text: string, { kind, line, other, nasty }: Damage): string {
  const lines = text.split("\r\n");
  const at = line % lines.length;
  const words = (lines[at] ?? "").split(/([ :=;/])/);
  if (kind === 0) lines.splice(at, 1);
  else if (kind === 1) lines.splice(other % lines.length, 0, lines[at] ?? "");
  else if (kind === 2) lines.splice(other % lines.length, 0, ...lines.splice(at, 1));
  else if (kind === 3) lines.length = at;
  else if (kind === 4) lines[at] = words.with(other % words.length, nasty).join("");
  else lines.splice(at, 0, `a=${nasty}`);
  return lines.join("\r\n");
}

const damages = fc.array(damage, { minLength: 1, maxLength: 3 });
const sound = fc.oneof(
  { weight: 4, arbitrary: offer.map(makeOffer) },
  { weight: 1, arbitrary: fc.constantFrom(...REAL_OFFERS.values()) },
);

/** Half of them as clients make them, half of them damaged. */
export const sdp: fc.Arbitrary<string> = fc.oneof(
  sound,
  fc.tuple(sound, damages).map(([text, several]) => several.reduce(applyDamage, text)),
);

const lines = fc.constantFrom(
  ...[
    "a=ice-ufrag:uFrg",
    "a=ice-ufrag:other",
    "a=ice-pwd:0123456789abcdef01234567",
    "m=audio 9 UDP/TLS/RTP/SAVPF 0",
  ],
  ...["a=mid:0", "a=mid:9", "a=end-of-candidates", "a=candidate:1 1 udp 2122260223 192.0.2.7 51000 typ host"],
);

export const fragment: fc.Arbitrary<string> = fc
  .tuple(fc.array(lines, { maxLength: 8 }), fc.option(damages))
  .map(([some, several]) => (several ?? []).reduce(applyDamage, some.map((line) => `${line}\r\n`).join("")));
