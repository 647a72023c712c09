/** The filter as it is typed: completed from what runs have, explained on demand, refused in its place. */
import { ActionIcon, Anchor, Button, CloseButton, Code, Combobox, Group, Popover, Stack, Text, TextInput, useCombobox } from "@mantine/core";
import { IconFilter, IconHelpCircle } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";

import { problemOf } from "~/api/problem";
import { useGet } from "~/api/queries";

import { completed, fieldParts, placeOf, STATUSES, suggestions, type Names, type Place } from "./query";

type Examples = [filter: string, meaning: string][];

interface BoxProps {
  value: string;
  error: Error | null;
  onApply: (filter: string) => void;
}

const EXAMPLES: Examples = [
  ["metrics.loss < 0.4", "the last value of a metric"],
  ["params.depth = '6' and params.optimizer != 'sgd'", "params are texts, in quotes"],
  ["tags.team ILIKE '%risk%'", "a part of a text; LIKE minds capitals"],
  ["params.dropout IS NOT NULL", "runs that have it at all"],
  ["attributes.status = 'FAILED'", "status, run_name, user_id, start_time …"],
  ["metrics.`val/loss` < 1", "a name with other signs stands in backticks"],
];

/** The box for runs. */
export function RunQueryBox({ names, ...props }: BoxProps & { names: Names }) {
  const useOffered = (place: Place | null) => {
    const values = useValues(place);
    return place ? suggestions(place, names, values) : [];
  };
  return <QueryBox {...props} placeholder="metrics.loss < 0.4 and params.depth = '6'" examples={EXAMPLES} useOffered={useOffered} />;
}

/** The box for any thing; `useOffered` says what may be written at a place. */
export function QueryBox(props: BoxProps & { placeholder: string; examples: Examples; useOffered: (place: Place | null) => string[] }) {
  const { value, error, onApply } = props;
  const [typed, setTyped] = useState(value);
  const [place, setPlace] = useState<Place | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const box = useCombobox({ onDropdownClose: () => box.resetSelectedOption() });
  const offered = props.useOffered(place);
  useEffect(() => setTyped(value), [value]);

  const look = () => setPlace(placeOf(input.current?.value ?? "", input.current?.selectionStart ?? 0));
  const write = (text: string) => {
    setTyped(text);
    box.openDropdown();
    box.resetSelectedOption();
  };
  const take = (suggestion: string) => {
    if (!place) return;
    const { text, caret } = completed(typed, place, suggestion);
    write(text);
    requestAnimationFrame(() => {
      input.current?.setSelectionRange(caret, caret);
      look();
    });
  };
  const apply = (text: string) => {
    box.closeDropdown();
    onApply(text.trim());
  };

  return (
    <form
      style={{ flex: "1 1 22rem" }}
      onSubmit={(event) => {
        event.preventDefault();
        apply(typed);
      }}
    >
      <Combobox store={box} onOptionSubmit={take} withinPortal shadow="md">
        <Group gap="xs" align="flex-start" wrap="nowrap">
          <Combobox.Target withExpandedAttribute>
            <TextInput
              ref={input}
              aria-autocomplete="list"
              aria-label="Filter"
              style={{ flex: 1 }}
              styles={{ input: { fontFamily: "var(--mono)", fontSize: "0.8125rem" } }}
              placeholder={props.placeholder}
              spellCheck={false}
              leftSection={<IconFilter size={16} aria-hidden />}
              rightSection={typed ? <CloseButton size="sm" aria-label="Clear the filter" onClick={() => (setTyped(""), apply(""))} /> : <Help examples={props.examples} onTry={apply} />}
              value={typed}
              error={error && <span role="alert">{inWords(error)}</span>}
              onChange={(event) => {
                write(event.currentTarget.value);
                look();
              }}
              onClick={() => (look(), box.openDropdown())}
              onKeyUp={(event) => event.key.startsWith("Arrow") || look()}
              onBlur={() => box.closeDropdown()}
            />
          </Combobox.Target>
          <Button type="submit" variant="light">
            Filter
          </Button>
        </Group>
        <Combobox.Dropdown hidden={offered.length === 0}>
          <Combobox.Options mah={280} style={{ overflowY: "auto" }} aria-label="Suggestions">
            {offered.map((word) => (
              <Combobox.Option key={word} value={word} style={{ fontFamily: "var(--mono)", fontSize: "0.8125rem" }}>
                {word}
              </Combobox.Option>
            ))}
          </Combobox.Options>
        </Combobox.Dropdown>
      </Combobox>
    </form>
  );
}

/** What the newest runs have in the field that a value is written for. */
function useValues(place: Place | null): string[] {
  const [entity, name] = place?.kind === "value" && place.key ? fieldParts(place.key) : ["", ""];
  const kind = /^param/.test(entity) ? "params" : /^tag/.test(entity) ? "tags" : "";
  const { data } = useGet("/api/v1/runs/values", { query: { field: `${kind}.${name}`, limit: 100 } }, { enabled: kind !== "" && name !== "" });
  if (/^attr/.test(entity) && name === "status") return STATUSES;
  return kind ? (data ?? []) : [];
}

function inWords(error: Error): string {
  const { detail, hint } = problemOf(error);
  return hint ? `${detail} – ${hint}` : detail;
}

function Help({ examples, onTry }: { examples: Examples; onTry: (filter: string) => void }) {
  return (
    <Popover position="bottom-end" width={430} withArrow>
      <Popover.Target>
        <ActionIcon size="sm" aria-label="How to write a filter">
          <IconHelpCircle size={16} />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack gap={6}>
          <Text size="sm">Conditions as in MLflow, joined by and. A click on one below tries it.</Text>
          {examples.map(([filter, meaning]) => (
            <div key={filter}>
              <Anchor component="button" type="button" onClick={() => onTry(filter)}>
                <Code>{filter}</Code>
              </Anchor>
              <Text size="xs" c="dimmed">
                {meaning}
              </Text>
            </div>
          ))}
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
