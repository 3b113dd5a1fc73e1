import { parseScalabilityMode, type types } from "mediasoup";
import { LayerChoice, type Layers } from "./layer-choice.ts";

/** One call into the worker for each viewer in this time. */
const INTERVAL_MS = 5_000;
/** RTCP's fraction of lost packets (RFC 3550 § 6.4.1). */
const FRACTIONS = 256;

/**
 * Chooses the layer of a viewer's picture by its receiver reports, until its transport closes. Not where mediasoup estimates its
 * bandwidth and chooses by that.
 */
export function watchLayers(
  transport: types.WebRtcTransport,
  consumers: readonly types.Consumer[],
  onError: (error: unknown) => void,
): void {
  const layered = consumers.find((consumer) => stepsOf(consumer).length > 1 && !isEstimated(consumer));
  if (!layered) return;
  const choice = new LayerChoice(stepsOf(layered), performance.now());
  const timer = setInterval(() => {
    adjust(layered, choice).catch((error: unknown) => {
      if (!layered.closed) onError(error);
    });
  }, INTERVAL_MS).unref();
  transport.observer.once("close", () => clearInterval(timer));
}

async function adjust(consumer: types.Consumer, choice: LayerChoice): Promise<void> {
  if (consumer.closed || consumer.paused || consumer.producerPaused) return;
  const stats = await consumer.getStats();
  const sent = stats.find(({ type }) => type === "outbound-rtp");
  const layers = sent && choice.note((sent.fractionLost ?? 0) / FRACTIONS, performance.now());
  if (layers && !consumer.closed) await consumer.setPreferredLayers(layers);
}

/** By size, and within the smallest size by rate. */
function stepsOf({ type, rtpParameters }: types.Consumer): Layers[] {
  if (type !== "simulcast" && type !== "svc") return [];
  const { spatialLayers, temporalLayers } = parseScalabilityMode(
    rtpParameters.encodings?.[0]?.scalabilityMode,
  );
  const slower = Array.from({ length: temporalLayers - 1 }, (_, temporalLayer) => ({
    spatialLayer: 0,
    temporalLayer,
  }));
  const sizes = Array.from({ length: spatialLayers }, (_, spatialLayer) => ({ spatialLayer }));
  return [...slower, ...sizes];
}

function isEstimated({ rtpParameters }: types.Consumer): boolean {
  const feedback = rtpParameters.codecs[0]?.rtcpFeedback ?? [];
  return feedback.some(({ type }) => type === "transport-cc" || type === "goog-remb");
}
