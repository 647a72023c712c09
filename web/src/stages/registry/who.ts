/** Who sits here: approvals and cards are somebody's own, and a browser's session is nobody in particular. */
import { useRemembered } from "~/ui/state";

/** The name this browser remembers, and how to change it. */
export function useName(): [string, (name: string) => void] {
  return useRemembered("name", "");
}

/** The header that says who speaks; names are UTF-8, headers are bytes. */
export function speakingAs(name: string): Record<string, string> {
  if (name.trim() === "") return {};
  return { "X-Pomona-Actor": String.fromCharCode(...new TextEncoder().encode(name.trim())) };
}
