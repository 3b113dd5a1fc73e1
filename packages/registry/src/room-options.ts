import { RoomOptions } from "@fairlead/protocol";

export const DEFAULT_ROOM_OPTIONS: Readonly<RoomOptions> = Object.freeze(RoomOptions.parse({}));

export function copyOptions(options: RoomOptions): RoomOptions {
  return { ...options, labels: [...options.labels] };
}

/** Whether nothing was said about the room: then its options need not be kept. */
export function isDefault({ labels, ...options }: RoomOptions): boolean {
  const keys = Object.keys(options) as (keyof typeof options)[];
  return labels.length === 0 && keys.every((key) => options[key] === DEFAULT_ROOM_OPTIONS[key]);
}
