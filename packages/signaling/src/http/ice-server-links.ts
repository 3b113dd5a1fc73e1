import type { IceServer } from "@fairlead/protocol";

/** @returns Values of `Link`, one for each URL of a STUN or TURN server (RFC 9725 § 4.6). */
export function iceServerLinks(servers: readonly IceServer[]): string[] {
  return servers.flatMap(({ urls, username, credential }) => {
    const rights =
      username === undefined || credential === undefined
        ? ""
        : `; username=${quoted(username)}; credential=${quoted(credential)}; credential-type="password"`;
    return urls.map((url) => `<${url}>; rel="ice-server"${rights}`);
  });
}

/** RFC 9110 § 5.6.4. */
function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}
