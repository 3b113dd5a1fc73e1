import { lazy, Suspense } from "react";
import { App } from "./app.tsx";
import { pageOf } from "./page.ts";

// Those who meet load neither.
const Studio = lazy(async () => ({ default: (await import("./studio/studio.tsx")).Studio }));
const Watch = lazy(async () => ({ default: (await import("./watch/watch.tsx")).Watch }));

export function Root() {
  const page = pageOf(window.location.pathname);
  if (page.page === "meeting") return <App />;
  return (
    <Suspense>{page.page === "studio" ? <Studio /> : <Watch broadcastId={page.broadcastId} />}</Suspense>
  );
}
