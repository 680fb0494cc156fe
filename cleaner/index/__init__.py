"""Articles in search engines: SQLite embedded, and the same documents for PostgreSQL, tantivy, Elasticsearch and OpenSearch."""
