using System.Diagnostics;
using Npgsql;

namespace OrderService.Tests.Migrating;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class MigrationTests(ServersFixture servers)
{
    // Everything that makes two schemas the same, in words. Spaces of function bodies aside: the generated script indents.
    private const string DescribeSchema =
        """
        SELECT string_agg(line, E'\n' ORDER BY line) FROM (
            SELECT format('column %s.%s %s %s %s %s #%s', table_name, column_name, data_type, is_nullable, column_default, identity_generation, ordinal_position) AS line
            FROM information_schema.columns WHERE table_schema = 'public'
            UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
            UNION ALL SELECT format('constraint %s %s', conname, pg_get_constraintdef(oid)) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
            UNION ALL SELECT format('table %s %s', relname, array_to_string(reloptions, ',')) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
            UNION ALL SELECT 'trigger ' || pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid AND c.relnamespace = 'public'::regnamespace WHERE NOT t.tgisinternal
            UNION ALL SELECT 'function ' || regexp_replace(pg_get_functiondef(oid), '\s+', ' ', 'g') FROM pg_proc WHERE pronamespace = 'public'::regnamespace
            UNION ALL SELECT format('migration %s', "MigrationId") FROM "__EFMigrationsHistory"
        ) AS schema
        """;

    [Fact]
    public async Task The_generated_sql_makes_the_same_schema_as_the_migrations()
    {
        await using var migrated = await servers.NewArenaAsync();
        await using var scripted = await servers.NewArenaAsync();
        var script = await File.ReadAllTextAsync(Path.Combine(Servers.RepositoryRoot.Path, "migrations", "sql", "migrations.sql"));

        await ServiceArena.MigrateAsync(migrated.Postgres);
        await scripted.ExecuteAsync(script);
        // Idempotent: once more changes nothing.
        await scripted.ExecuteAsync(script);

        var expected = await migrated.ScalarAsync<string>(DescribeSchema);
        Assert.Contains("trigger CREATE TRIGGER outbox_message_wake_up", expected, StringComparison.Ordinal);
        Assert.Contains("fillfactor=50", expected, StringComparison.Ordinal);
        Assert.Equal(expected, await scripted.ScalarAsync<string>(DescribeSchema));
    }
#if (!noInbox)

    [Fact]
    public async Task What_is_handled_while_the_guard_is_closed_cannot_be_committed_into_the_migrated_inbox()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        await using var connection = new NpgsqlConnection(arena.Arena.Postgres);
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var handle = new NpgsqlCommand(
            """
            SELECT set_config('inbox.guard', 'closed', true);
            INSERT INTO inbox_message (consumer, message_id, received_at, body_hash) VALUES ('c', gen_random_uuid(), now(), '')
            """,
            connection,
            transaction);
        await handle.ExecuteNonQueryAsync();

        await Assert.ThrowsAsync<PostgresException>(() => transaction.CommitAsync());

        Assert.Equal(0L, await arena.Arena.ScalarAsync<long>("SELECT count(*) FROM inbox_message"));
    }
#endif

    [Fact]
    public async Task Rights_on_a_schema_that_is_there_are_enough()
    {
        await using var arena = await servers.NewArenaAsync();
        var role = arena.Name + "_owner";
        await arena.ExecuteAsync($"CREATE ROLE {role} LOGIN PASSWORD 'secret'; CREATE SCHEMA shop AUTHORIZATION {role}");
        try
        {
            var address = new NpgsqlConnectionStringBuilder(arena.Postgres) { Username = role, Password = "secret", SearchPath = "shop" };

            await ServiceArena.MigrateAsync(address.ConnectionString);

            Assert.True(await arena.ScalarAsync<bool>("SELECT to_regclass('shop.outbox_message') IS NOT NULL"));
        }
        finally
        {
            await arena.ExecuteAsync($"DROP OWNED BY {role}; DROP ROLE {role}");
        }
    }

    [PsqlFact]
    public async Task Psql_accepts_the_generated_sql()
    {
        await using var arena = await servers.NewArenaAsync();
        var address = new NpgsqlConnectionStringBuilder(arena.Postgres);
        var start = new ProcessStartInfo("psql", ["-v", "ON_ERROR_STOP=1", "-q", "-f", Path.Combine(Servers.RepositoryRoot.Path, "migrations", "sql", "migrations.sql")])
        {
            RedirectStandardError = true,
            Environment =
            {
                ["PGHOST"] = address.Host,
                ["PGPORT"] = $"{address.Port}",
                ["PGUSER"] = address.Username,
                ["PGPASSWORD"] = address.Password,
                ["PGDATABASE"] = address.Database,
            },
        };
        using var psql = Process.Start(start)!;
        var error = await psql.StandardError.ReadToEndAsync();
        await psql.WaitForExitAsync();

        Assert.True(psql.ExitCode == 0, error);
        Assert.Equal(1L, await arena.ScalarAsync<long>("SELECT count(*) FROM pg_trigger WHERE tgname = 'outbox_message_wake_up'"));
    }

    [Fact]
    public async Task Started_several_times_at_once_on_an_absent_database_all_succeed()
    {
        await using var arena = await servers.NewArenaAsync();
        var address = new NpgsqlConnectionStringBuilder(arena.Postgres);
        address.Database += "_absent";
        try
        {
            var results = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => MigrationProgram.RunAsync(address.ConnectionString)));

            Assert.All(results, result => Assert.True(result.ExitCode == 0, result.Error));
            await using var made = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(address.ConnectionString) { Pooling = false });
            await using var encoding = made.CreateCommand(
                "SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database() AND to_regclass('outbox_message') IS NOT NULL");
            Assert.Equal("UTF8", await encoding.ExecuteScalarAsync());
        }
        finally
        {
            await arena.ExecuteAsync($"DROP DATABASE IF EXISTS {address.Database} WITH (FORCE)");
        }
    }

    [Fact]
    public async Task The_schema_is_that_of_the_search_path()
    {
        await using var arena = await servers.NewArenaAsync();
        var address = new NpgsqlConnectionStringBuilder(arena.Postgres) { SearchPath = "shop" };

        await ServiceArena.MigrateAsync(address.ConnectionString);
        await ServiceArena.MigrateAsync(address.ConnectionString);

        Assert.True(await arena.ScalarAsync<bool>("SELECT to_regclass('shop.outbox_message') IS NOT NULL AND to_regclass('public.outbox_message') IS NULL"));
    }

    [Theory]
    [InlineData("Shop,public", "shop")]
    [InlineData("\"Shop\",public", "\"Shop\"")]
    public async Task A_schema_is_folded_to_lower_case_unless_it_is_quoted(string searchPath, string schema)
    {
        await using var arena = await servers.NewArenaAsync();
        var address = new NpgsqlConnectionStringBuilder(arena.Postgres) { SearchPath = searchPath };

        await ServiceArena.MigrateAsync(address.ConnectionString);

        Assert.NotNull(await arena.ScalarAsync<string>($"SELECT to_regclass('{schema}.outbox_message')::text"));
        Assert.Equal(1L, await arena.ScalarAsync<long>("SELECT count(*) FROM pg_namespace WHERE lower(nspname) = 'shop'"));
    }

    [Fact]
    public async Task A_migration_that_waits_for_a_lock_waits_as_long_as_it_is_held()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        await using var held = await HeldHistory.TakeAsync(arena.Arena);

        // A second stands for the half minute that Npgsql has.
        var migrating = MigrationProgram.RunAsync(arena.Arena.Postgres + ";Command Timeout=1");
        await held.IsWaitedForAsync(TimeSpan.FromSeconds(2));
        await held.ReleaseAsync();

        var result = await migrating;
        Assert.True(result.ExitCode == 0, result.Error);
    }

    [Fact]
    public async Task A_migration_that_is_told_to_stop_ends_and_says_so()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        await using var held = await HeldHistory.TakeAsync(arena.Arena);
        using var program = MigrationProgram.Start(arena.Arena.Postgres);
        var ended = MigrationProgram.EndAsync(program);
        await held.IsWaitedForAsync(TimeSpan.Zero);

        Process.Start("kill", ["-TERM", $"{program.Id}"]).Dispose();

        var result = await ended;
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("was not brought up to date", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_that_is_lost_is_told_with_its_cause()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);
        var address = new NpgsqlConnectionStringBuilder(arena.Arena.Postgres);
        await using var network = TcpProxy.Start(address.Host!, address.Port);
        await using var held = await HeldHistory.TakeAsync(arena.Arena);
        var migrating = MigrationProgram.RunAsync($"{arena.Arena.Postgres};Host=127.0.0.1;Port={network.Port}");
        await held.IsWaitedForAsync(TimeSpan.Zero);

        network.Refuse();
        network.Reset();

        var result = await migrating;
        Assert.Equal(1, result.ExitCode);
        Assert.Single(result.Error.Trim().Split('\n'));
        Assert.Contains("reset", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_row_of_any_writer_needs_only_exchange_routing_key_type_and_body()
    {
        await using var arena = await ServiceArena.CreateAsync(servers);

        await arena.Arena.ExecuteAsync("INSERT INTO outbox_message (exchange, routing_key, type, body) VALUES ('e', 'r', 't', '{}')");

        Assert.True(await arena.Arena.ScalarAsync<bool>(
            "SELECT message_id IS NOT NULL AND content_type = 'application/json' AND attempts = 0 AND created_at <= now() AND sent_at IS NULL FROM outbox_message"));
    }
}
