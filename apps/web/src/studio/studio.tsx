import { useEffect, useState } from "react";
import type { Created, StudioRight } from "../demo/broadcasts.ts";
import { CreateForm } from "./create-form.tsx";
import { keepOwnBroadcast } from "./own-broadcasts.ts";
import { StudioEntrance } from "./studio-entrance.tsx";
import { readStudioLink, studioHash } from "./studio-link.ts";

type Open = { right: StudioRight; streamKey: string | undefined };

/** The broadcaster's page: `/studio`, or `/studio#{broadcast}.{secret}` for one that was created. */
export function Studio() {
  const [open, setOpen] = useState<Open | undefined>(() => {
    const right = readStudioLink(window.location.hash);
    return right && { right, streamKey: undefined };
  });
  useEffect(() => {
    document.title = "Studio – Fairlead";
  }, []);
  const show = (right: StudioRight, streamKey?: string) => {
    window.history.replaceState(null, "", `/studio${studioHash(right)}`);
    setOpen({ right, streamKey });
  };
  const created = ({ broadcastId, secret, streamKey }: Created, title: string) => {
    keepOwnBroadcast(() => window.localStorage, { broadcastId, secret, title });
    show({ broadcastId, secret }, streamKey);
  };
  const close = () => {
    window.history.replaceState(null, "", "/studio");
    setOpen(undefined);
  };
  if (!open) return <CreateForm onCreated={created} onOpen={show} />;
  return (
    <StudioEntrance
      key={open.right.broadcastId}
      right={open.right}
      streamKey={open.streamKey}
      onClose={close}
    />
  );
}
