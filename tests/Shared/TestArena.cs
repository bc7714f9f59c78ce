using Npgsql;
using RabbitMQ.Client;
using Servers;

namespace TestSupport;

/// <summary>The part of the servers that belongs to one test: an empty database and, where the broker can be managed, an
/// empty virtual host. Both vanish at the end. Without management the virtual host is shared, so names that a test can
/// choose should begin with <see cref="Name"/>.</summary>
public sealed class TestArena : IAsyncDisposable
{
    private readonly ServerPair _servers;
    private readonly BrokerManagement? _management;
    private IConnection? _connection;

    private TestArena(ServerPair servers, string name, BrokerManagement? management)
    {
        _servers = servers;
        _management = management;
        Name = name;
        Postgres = new NpgsqlConnectionStringBuilder(servers.Postgres) { Database = name, IncludeErrorDetail = true }.ConnectionString;
        RabbitMq = management is null ? servers.RabbitMq : new UriBuilder(servers.RabbitMq) { Path = name }.Uri.AbsoluteUri;
        DataSource = NpgsqlDataSource.Create(Postgres);
    }

    /// <summary>Unique, lower case, and fit for a name in SQL and AMQP.</summary>
    public string Name { get; }

    /// <summary>The connection string of this test's database.</summary>
    public string Postgres { get; }

    /// <summary>The URI of this test's virtual host.</summary>
    public string RabbitMq { get; }

    /// <summary>Connections for the test's own questions to the database.</summary>
    public NpgsqlDataSource DataSource { get; }

    /// <summary>What an operator of the broker could do.</summary>
    /// <exception cref="InvalidOperationException">The broker has no management plugin.</exception>
    public BrokerManagement Management => _management ?? throw new InvalidOperationException("The broker has no management plugin.");

    internal static async Task<TestArena> CreateAsync(ServerPair servers)
    {
        var name = "test_" + Guid.NewGuid().ToString("N")[..12];
        var management = BrokerManagement.AddVirtualHostAsync(servers, name);
        await Task.WhenAll(OnServerAsync(servers, $"CREATE DATABASE {name}"), management);
        return new TestArena(servers, name, await management);
    }

    /// <summary>The test's own connection to its virtual host.</summary>
    public async Task<IConnection> ConnectAsync() => _connection is { IsOpen: true }
        ? _connection
        : _connection = await new ConnectionFactory { Uri = new Uri(RabbitMq), AutomaticRecoveryEnabled = false }.CreateConnectionAsync();

    /// <summary>Runs a statement in this test's database.</summary>
    public async Task<int> ExecuteAsync(string sql, params IReadOnlyList<object> parameters)
    {
        await using var command = Command(sql, parameters);
        return await command.ExecuteNonQueryAsync();
    }

    /// <summary>The first column of the first row; default where it is NULL or there is none.</summary>
    public async Task<T?> ScalarAsync<T>(string sql, params IReadOnlyList<object> parameters)
    {
        await using var command = Command(sql, parameters);
        return await command.ExecuteScalarAsync() is T value ? value : default;
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (_connection is not null)
        {
            await _connection.DisposeAsync();
        }

        await DataSource.DisposeAsync();
        await using (var pooled = new NpgsqlConnection(Postgres))
        {
            NpgsqlConnection.ClearPool(pooled);
        }

        await Task.WhenAll(
            OnServerAsync(_servers, $"DROP DATABASE IF EXISTS {Name} WITH (FORCE)"), _management?.DisposeAsync().AsTask() ?? Task.CompletedTask);
    }

    private NpgsqlCommand Command(string sql, IReadOnlyList<object> parameters)
    {
        var command = DataSource.CreateCommand(sql);
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = parameter });
        }

        return command;
    }

    private static async Task OnServerAsync(ServerPair servers, string sql)
    {
        var address = new NpgsqlConnectionStringBuilder(servers.Postgres) { Database = "postgres", Pooling = false };
        await using var connection = new NpgsqlConnection(address.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
