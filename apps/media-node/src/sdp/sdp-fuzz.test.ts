import { FairleadError } from "@fairlead/protocol";
import fc from "fast-check";
import { parse } from "sdp-transform";
import { expect, it } from "vitest";
import { addPublisher } from "../room/add-publisher.ts";
import { openRoom } from "../room/testing/open-room.ts";
import { useTwoCores } from "../room/testing/use-two-cores.ts";
import { openWhepSession } from "./open-whep-session.ts";
import { openWhipSession } from "./open-whip-session.ts";
import type { SdpSession } from "./sdp-session.ts";
import { fragment, REAL_OFFERS, sdp } from "./testing/arbitrary-offer.ts";

const INPUTS = Number(process.env.FAIRLEAD_SDP_INPUTS ?? 2_000);
const MS_PER_INPUT = 60;
const REFUSALS = ["invalid_request", "sdp_unprocessable", "not_acceptable"];
const PATCH_REFUSALS = ["invalid_request", "sdp_unprocessable", "precondition_failed"];
const ENCODER = { identity: "encoder", name: "Encoder", metadata: "" };

const cores = useTwoCores();

/** @returns What it resolved with; null: it was refused with one of the codes. */
async function orRefused<T>(act: Promise<T>, codes: readonly string[], input: string): Promise<T | null> {
  return act.catch((error: unknown) => {
    if (error instanceof FairleadError && codes.includes(error.code)) return null;
    throw Object.assign(new Error(`an error that is no refusal, by\n${input}`), { cause: error });
  });
}

async function setUp() {
  const opened = await openRoom(cores);
  const { room, home, guest } = opened;
  const publisher = addPublisher({ room, seat: home }, ENCODER);
  // By no session: those are freed when their client never gets through.
  const transport = await home.router.createDirectTransport({ appData: { owner: publisher.owner } });
  const codecs = {
    microphone: { mimeType: "audio/opus", clockRate: 48_000, channels: 2, payloadType: 100 },
    camera: { mimeType: "video/VP8", clockRate: 90_000, payloadType: 101 },
  };
  for (const [source, codec] of Object.entries(codecs))
    await publisher.publish(source as keyof typeof codecs, (basis) =>
      transport.produce({
        ...basis,
        kind: source === "camera" ? "video" : "audio",
        rtpParameters: { codecs: [codec], encodings: [{ ssrc: codec.payloadType }] },
      }),
    );
  const publish = async (offer: string) => {
    const other = addPublisher({ room, seat: guest }, ENCODER);
    const session = await orRefused(
      openWhipSession({ room, seat: guest, publisher: other, offer }),
      REFUSALS,
      offer,
    );
    if (!session) other.close();
    return session;
  };
  const watch = (offer: string) =>
    orRefused(openWhepSession({ room, seat: guest, identity: null, offer }), REFUSALS, offer);
  return { ...opened, publish, watch };
}

/** Every section of the offer is answered, in its place and under its mid. */
function expectFits(offer: string, { answer }: SdpSession): void {
  const mids = (text: string) => parse(text).media.map(({ type, mid }) => `${type} ${mid}`);
  expect(mids(answer)).toEqual(mids(offer));
}

it(
  `${INPUTS} offers, half of them damaged, are answered or refused, and leave nothing`,
  async () => {
    const { room, publish, watch, home, guest } = await setUp();
    let answered = 0;
    await fc.assert(
      fc.asyncProperty(sdp, fragment, async (offer, patch) => {
        for (const open of [publish, watch]) {
          const session = await open(offer);
          if (!session) continue;
          answered += 1;
          expectFits(offer, session);
          await orRefused(session.patch(patch, "*"), PATCH_REFUSALS, patch);
          await orRefused(session.patch(patch, session.etag), PATCH_REFUSALS, patch);
          session.close();
          await session.ended;
        }
      }),
      { numRuns: INPUTS },
    );
    expect(answered / INPUTS, "of those that clients might make, either way").toBeGreaterThan(0.4);
    expect([room.publishers.size, room.viewers.size]).toEqual([1, 0]);
    await cores.expectAgreement([home, guest]);
  },
  30_000 + INPUTS * MS_PER_INPUT,
);

it.each([...REAL_OFFERS].filter(([name]) => name.endsWith("whip")))(
  "the offer of %s is taken",
  async (_, offer) => {
    const { publish, room } = await setUp();
    const session = await publish(offer);
    const publisher = [...room.publishers.values()].at(-1);
    expect([...(publisher?.producers.values() ?? [])].map(({ kind }) => kind).sort()).toEqual([
      "audio",
      "video",
    ]);
    expectFits(offer, session ?? expect.fail("refused"));
  },
);

it.each([...REAL_OFFERS].filter(([name]) => name.endsWith("whep")))(
  "the offer of %s is served",
  async (_, offer) => {
    const { watch, room } = await setUp();
    expectFits(offer, (await watch(offer)) ?? expect.fail("refused"));
    expect([...room.viewers.values()].map(({ consumers }) => consumers.size)).toEqual([2]);
  },
);
