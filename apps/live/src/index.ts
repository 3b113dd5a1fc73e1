export type { OpenedIngest, OpenIngest, RtpTarget, StartedTracks } from "./ingest/open-ingest.ts";
