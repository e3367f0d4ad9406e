import assert from 'node:assert/strict';
import { test } from 'node:test';
import { METHODS } from '../../core/control/methods.ts';
import { API_PREFIX, openApi } from './openapi.ts';

interface Operation {
  operationId: string;
  summary: string;
  requestBody: { required: boolean; content: Record<string, { schema: Record<string, unknown> }> };
  responses: Record<string, { description?: string; $ref?: string }>;
}

const document = JSON.parse(JSON.stringify(openApi())) as {
  openapi: string;
  info: { title: string; version: string };
  security: Record<string, string[]>[];
  paths: Record<string, Record<string, Operation>>;
  components: Record<string, Record<string, unknown>>;
};

test('it has the structure of OpenAPI 3.1', () => {
  assert.match(document.openapi, /^3\.1\.\d+$/);
  assert.ok(document.info.title && document.info.version);
  const objects = ['openapi', 'info', 'servers', 'security', 'paths', 'components'];
  assert.deepEqual(Object.keys(document).sort(), [...objects].sort());
  for (const scheme of document.security.flatMap((one) => Object.keys(one))) {
    assert.deepEqual(document.components.securitySchemes?.[scheme], { type: 'http', scheme: 'basic' });
  }
  for (const [path, item] of Object.entries(document.paths)) {
    assert.ok(path.startsWith('/'));
    assert.deepEqual(Object.keys(item), ['post']);
    const { responses, requestBody, summary } = item.post!;
    assert.ok(summary.length > 5, path);
    assert.deepEqual(Object.keys(requestBody.content), ['application/json']);
    for (const [status, response] of Object.entries(responses)) {
      assert.match(status, /^[1-5]\d\d$/);
      assert.ok(response.$ref ?? response.description, `${path} ${status}`);
    }
  }
});

test('each reference leads somewhere', () => {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, to]) => to!);
  assert.ok(references.length > 0);
  for (const to of new Set(references)) {
    assert.ok(to.startsWith('#/'), to);
    let at: unknown = document;
    for (const name of to.slice(2).split('/')) at = (at as Record<string, unknown> | undefined)?.[name];
    assert.ok(at, to);
  }
});

test('each call is one operation, and takes the array of its arguments', () => {
  const operations = Object.values(document.paths).map((item) => item.post!);
  assert.deepEqual(
    operations.map(({ operationId }) => operationId),
    Object.keys(METHODS),
  );
  for (const { operationId, requestBody } of operations) {
    assert.ok(document.paths[`${API_PREFIX}/${operationId}`]);
    assert.equal(requestBody.content['application/json']!.schema.type, 'array', operationId);
  }
  const { prefixItems } = document.paths[`${API_PREFIX}/setPassword`]!.post!.requestBody.content['application/json']!
    .schema as { prefixItems: unknown[] };
  assert.deepEqual(prefixItems, [
    { type: 'string', minLength: 1, maxLength: 320 },
    { type: 'string', maxLength: 1024 },
  ]);
});
