import { type ReactNode, useEffect, useId, useRef } from "react";
import { IconButton } from "./icon-button.tsx";

type Props = { id: string; title: string; onClose: () => void; children: ReactNode };

/** A panel beside the meeting. Takes the focus when it opens and gives it back when it closes. */
export function Panel({ id, title, onClose, children }: Props) {
  const titleId = useId();
  const panel = useRef<HTMLElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    const element = panel.current;
    (element?.querySelector<HTMLElement>("[data-autofocus]") ?? element)?.focus();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <aside className="panel" id={id} aria-labelledby={titleId} ref={panel} tabIndex={-1}>
      <header className="panel__header">
        <h2 id={titleId}>{title}</h2>
        <IconButton icon="close" label={`Close ${title.toLowerCase()}`} shortcut="Escape" onClick={onClose} />
      </header>
      {children}
    </aside>
  );
}
