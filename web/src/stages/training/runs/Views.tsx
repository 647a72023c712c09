/** Views that people keep under a name, for all who come here. */
import { ActionIcon, Anchor, Button, Group, Popover, Stack, Text, TextInput } from "@mantine/core";
import { IconBookmark, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { Link, useLocation } from "react-router";

import { api } from "~/api/client";
import { useGet, useSend } from "~/api/queries";
import { ErrorNotice } from "~/ui/notices";

export function Views({ page }: { page: "runs" | "compare" }) {
  const { pathname, search } = useLocation();
  const [open, setOpen] = useState(false);
  const [name, setName] = useState("");
  const { data = [] } = useGet("/api/v1/views", { query: { page } }, { enabled: open });
  const query = search.replace(/^\?/, "");
  const save = useSend((body: { page: "runs" | "compare"; name: string; query: string }) => api.POST("/api/v1/views", { body }), { onDone: () => setName("") });
  const forget = useSend((view_id: string) => api.DELETE("/api/v1/views/{view_id}", { params: { path: { view_id } } }));
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-end" width={320} trapFocus returnFocus>
      <Popover.Target>
        <Button variant="default" leftSection={<IconBookmark size={15} aria-hidden />} onClick={() => setOpen(!open)}>
          Views
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack gap="xs">
          {data.length === 0 && <Text size="sm" c="dimmed">No view is kept yet. A view is this page as it is now: filter, order, columns.</Text>}
          {data.map((view) => (
            <Group key={view.id} justify="space-between" wrap="nowrap">
              <div>
                <Anchor component={Link} to={`${pathname}?${view.query}`} onClick={() => setOpen(false)} aria-current={view.query === query || undefined}>
                  {view.name}
                </Anchor>
                <Text size="xs" c="dimmed">{`by ${view.created_by}`}</Text>
              </div>
              <ActionIcon aria-label={`Forget the view ${view.name}`} onClick={() => forget.mutate(view.id)}>
                <IconTrash size={15} />
              </ActionIcon>
            </Group>
          ))}
          <form
            onSubmit={(event) => {
              event.preventDefault();
              if (name.trim()) save.mutate({ page, name, query });
            }}
          >
            <Group gap="xs" wrap="nowrap" align="flex-end">
              <TextInput size="xs" style={{ flex: 1 }} label="Keep this view as" placeholder="best of last week" maxLength={100} value={name} onChange={(event) => setName(event.currentTarget.value)} />
              <Button size="xs" type="submit" loading={save.isPending} disabled={!name.trim()}>
                Keep
              </Button>
            </Group>
          </form>
          {(save.error ?? forget.error) && <ErrorNotice error={save.error ?? forget.error} />}
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
