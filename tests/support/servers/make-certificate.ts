import { generate } from "selfsigned";

/** @returns PEM of a certificate for localhost and 127.0.0.1 that signs itself. */
export async function makeCertificate(): Promise<{ cert: string; key: string }> {
  const made = await generate([{ name: "commonName", value: "a server of Fairlead's tests" }], {
    algorithm: "sha256",
    extensions: [
      {
        name: "subjectAltName",
        altNames: [
          { type: 2, value: "localhost" },
          { type: 7, ip: "127.0.0.1" },
        ],
      },
    ],
  });
  return { cert: made.cert, key: made.private };
}
