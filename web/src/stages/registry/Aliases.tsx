import { Badge, Group } from "@mantine/core";
import { IconCrown } from "@tabler/icons-react";

import { None } from "~/ui/small";

/** The names a version goes by; the champion's has a crown. */
export function Aliases({ names }: { names: string[] }) {
  if (names.length === 0) return <None why="no other name" />;
  return (
    <Group gap={4} wrap="nowrap" display="inline-flex">
      {names.map((name) => (
        <Badge key={name} color={name === "champion" ? "quince" : "plum"} leftSection={name === "champion" ? <IconCrown size={12} aria-hidden /> : undefined} c="inherit">
          {name}
        </Badge>
      ))}
    </Group>
  );
}
