import { hostname } from "node:os";

/** A host name made fit for a subject: `media-7.example.org` becomes `media-7`. */
export function nodeIdOfHost(host: string = hostname()): string {
  return (
    host
      .split(".")[0]
      ?.replace(/[^A-Za-z0-9_-]/g, "-")
      .slice(0, 64) || "node"
  );
}
