/** The question that was asked of a source, and the values of its parameters. */
import { Code, Text } from "@mantine/core";

export function Query({ text, parameters }: { text: string; parameters: Record<string, unknown> }) {
  const given = Object.entries(parameters);
  return (
    <>
      <Code block tabIndex={0} role="region" aria-label="Question" mt={6}>
        {text}
      </Code>
      {given.length > 0 && (
        <Text size="sm" c="dimmed" mt={4}>
          {given.map(([name, value]) => `:${name} = ${String(value)}`).join(", ")}
        </Text>
      )}
    </>
  );
}
