import {
  ClientFrame,
  FairleadError,
  FRAME_LIMIT,
  parse,
  parseJson,
  SUPPORTED_PROTOCOL_VERSIONS,
} from "@fairlead/protocol";
import * as z from "zod";

/** Made once: making a schema takes longer than parsing a frame. */
const AnyValue = z.unknown();

/**
 * Parses what a client sent.
 * @throws {FairleadError} `frame_too_large`; `invalid_frame`; `protocol_unsupported` with the versions that are spoken here,
 * which is told before anything else about a frame, since another version's frames may look different.
 */
export function readFrame(text: string): ClientFrame {
  checkLength(text);
  const value = parseJson(AnyValue, text);
  checkVersion(value);
  return parse(ClientFrame, value, "invalid_frame");
}

/** @param text A frame, in whatever way it came. @throws {FairleadError} `frame_too_large`. */
export function checkLength({ length }: string): void {
  if (length > FRAME_LIMIT) throw new FairleadError("frame_too_large", { detail: { limit: FRAME_LIMIT } });
}

/** @throws {FairleadError} `protocol_unsupported` for what names a version that is not spoken here. */
export function checkVersion(value: unknown): void {
  if (typeof value !== "object" || value === null || !("protocolVersion" in value)) return;
  const version = value.protocolVersion;
  if (typeof version !== "number" || SUPPORTED_PROTOCOL_VERSIONS.includes(version)) return;
  throw new FairleadError("protocol_unsupported", { detail: { supported: SUPPORTED_PROTOCOL_VERSIONS } });
}
