import { useEffect, useState } from "react";
import * as z from "zod";
import type { DemoInfo } from "./invitation.ts";

const Info = z.object({ https: z.boolean(), lan: z.boolean(), lanUrls: z.array(z.string()) });

/** How the server can be reached; undefined until known, or where the server has no such route. */
export function useDemoInfo(): DemoInfo | undefined {
  const [info, setInfo] = useState<DemoInfo>();
  useEffect(() => {
    const abort = new AbortController();
    fetch("/demo/info", { signal: abort.signal })
      .then(async (response) => setInfo(Info.parse(await response.json())))
      .catch(() => undefined); // The page works without it.
    return () => abort.abort();
  }, []);
  return info;
}
