import type { ComponentProps } from "react";
import { Icon, type IconName } from "./icon.tsx";

type Props = Omit<ComponentProps<"button">, "aria-label" | "type"> & {
  icon: IconName;
  /** The accessible name; `caption`, where there is one, repeats part of it for the eye. */
  label: string;
  caption?: string;
  /** Key that does the same, shown in the tooltip. */
  shortcut?: string;
  tone?: "plain" | "off" | "active" | "danger";
};

export function IconButton({ icon, label, caption, shortcut, tone = "plain", children, ...rest }: Props) {
  return (
    <button
      {...rest}
      type="button"
      className={`icon-button icon-button--${tone}`}
      aria-label={label}
      aria-keyshortcuts={shortcut}
      title={shortcut ? `${label} (${shortcut})` : label}
    >
      <Icon name={icon} />
      {caption && (
        <span className="icon-button__caption" aria-hidden="true">
          {caption}
        </span>
      )}
      {children}
    </button>
  );
}
