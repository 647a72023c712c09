import { Button, Menu } from "@mantine/core";
import { IconArrowsDiff } from "@tabler/icons-react";
import { Link } from "react-router";

import { useGet } from "~/api/queries";
import type { Schema } from "~/api/types";

/** Leads to this version beside another one of its model: the champion first. */
export function CompareButton({ version }: { version: Schema<"ModelVersion"> }) {
  const { data } = useGet("/api/v1/models/{name}", { path: { name: version.model } });
  const others = (data?.versions ?? []).filter((other) => other.id !== version.id);
  if (others.length === 0) return null;
  const sorted = [...others].sort((a, b) => Number(b.aliases.includes("champion")) - Number(a.aliases.includes("champion")));
  return (
    <Menu>
      <Menu.Target>
        <Button variant="default" leftSection={<IconArrowsDiff size={16} aria-hidden />}>
          Compare with
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {sorted.slice(0, 12).map((other) => (
          <Menu.Item key={other.id} component={Link} to={`/registry/compare?before=${other.id}&after=${version.id}`}>
            {`v${other.number}${other.aliases.length > 0 ? ` (${other.aliases.join(", ")})` : ""}`}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
