import { Button, Group, Text, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useState, type ReactNode } from "react";

import { number } from "./format";

/** Of very many pictures the first ones, a box to find one by its name, and a button for more. */
export function Few<T>({ items, nameOf, what, most = 48, children }: { items: T[]; nameOf: (item: T) => string; what: string; most?: number; children: (shown: T[]) => ReactNode }) {
  const [wanted, setWanted] = useState("");
  const [room, setRoom] = useState(most);
  if (items.length <= most) return <>{children(items)}</>;
  const found = items.filter((item) => nameOf(item).toLowerCase().includes(wanted.trim().toLowerCase()));
  const shown = found.slice(0, room);
  return (
    <>
      <Group mb="md">
        <TextInput
          aria-label={`Find a ${what}`}
          placeholder={`find a ${what}`}
          leftSection={<IconSearch size={15} aria-hidden />}
          w={280}
          value={wanted}
          onChange={(event) => {
            setWanted(event.currentTarget.value);
            setRoom(most);
          }}
        />
        <Text size="sm" c="dimmed" role="status">
          {found.length === 0 ? `No ${what} is called so.` : `${number(shown.length)} of ${number(found.length)} ${what}s shown`}
        </Text>
      </Group>
      {children(shown)}
      {shown.length < found.length && (
        <Button mt="md" variant="default" onClick={() => setRoom(room + most)}>
          {`Show ${number(Math.min(most, found.length - shown.length))} more`}
        </Button>
      )}
    </>
  );
}
