const two = (value: number): string => value.toString().padStart(2, '0');

/**
 * A time as it stands in reject texts, e.g. `2023-11-14 23:57:20 +0000 UTC`. Known nodes print it in the time zone of
 * their machine;
 * here it is always UTC, so that one block has one text.
 * @param seconds Unix time, u32.
 */
export function formatTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  const day = `${date.getUTCFullYear()}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`;
  return `${day} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000 UTC`;
}
