using Npgsql;
using RabbitMQ.Client;
using Servers.Native;

namespace Servers.Tests;

[Trait("Needs", "servers")]
public sealed class NativeServersTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(1);

    [Fact]
    public void A_port_is_given_to_one_only_though_nobody_listens_on_it_yet()
    {
        var ports = Enumerable.Range(0, 40).SelectMany(_ => FreePorts.Find(20)).ToList();

        Assert.Equal(ports.Count, ports.Distinct().Count());
    }

    [Fact]
    [Trait("Speed", "slow")]
    public async Task What_was_committed_and_confirmed_survives_a_kill_of_both_servers()
    {
        await using var servers = await NativeServers.StartAsync(new NativeOptions(), CancellationToken.None);
        var database = servers.Postgres.ConnectionString("postgres");
        await ExecuteAsync(database, "CREATE TABLE kept (id int); INSERT INTO kept VALUES (7)");
        await using (var connection = await ConnectAsync(servers))
        {
            var channel = await connection.CreateChannelAsync();
            await channel.QueueDeclareAsync("kept", durable: true, exclusive: false, autoDelete: false);
        }

        // A broker that is killed moments after a declaration has come back without the queue: Mnesia is only sure of it
        // once it has been folded into the table's own file, as a stop does.
        await servers.RabbitMq.StopAsync();
        await servers.RabbitMq.StartAsync(CancellationToken.None);
        await using (var connection = await ConnectAsync(servers))
        {
            var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true));
            await channel.BasicPublishAsync("", "kept", mandatory: true, new BasicProperties { Persistent = true }, new byte[] { 7 });
        }

        await Task.WhenAll(servers.RabbitMq.KillAsync(), servers.Postgres.StopImmediatelyAsync());
        Assert.Null(servers.RabbitMq.ProcessId);
        Assert.Null(servers.Postgres.ProcessId);
        await Task.WhenAll(
            servers.RabbitMq.StartAsync(CancellationToken.None),
            servers.Postgres.StartAsync(CancellationToken.None));

        Assert.Equal(7, await ExecuteAsync(database, "SELECT id FROM kept"));
        await using var again = await ConnectAsync(servers);
        var queue = await again.CreateChannelAsync();
        Assert.Equal(7, (await queue.BasicGetAsync("kept", autoAck: true))!.Body.Span[0]);
        Assert.Contains("kept", await servers.RabbitMq.RabbitmqctlAsync(CancellationToken.None, "list_queues"));
    }

    [Fact]
    public async Task Disposed_servers_leave_no_process_and_no_port()
    {
        var servers = await NativeServers.StartAsync(new NativeOptions(), CancellationToken.None);
        int[] processes = [servers.Postgres.ProcessId!.Value, servers.RabbitMq.ProcessId!.Value];
        int[] ports = [servers.Postgres.Port, servers.RabbitMq.Port, servers.RabbitMq.Management.Port];
        Assert.All(ports, port => Assert.False(FreePorts.IsFree(port)));

        await servers.DisposeAsync();

        Assert.All(processes, process => Assert.False(Directory.Exists($"/proc/{process}")));
        Assert.All(ports, port => Assert.True(FreePorts.IsFree(port)));
        Assert.False(Directory.Exists(Path.GetDirectoryName(servers.RabbitMq.LogFile)));
    }

    [Fact]
    [Trait("Speed", "slow")]
    public async Task A_retry_whose_queue_was_away_is_offered_again_within_a_minute()
    {
        await using var servers = await NativeServers.StartAsync(new NativeOptions(), CancellationToken.None);
        await using var connection = await ConnectAsync(servers);
        var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true));
        var retry = new Dictionary<string, object?>
        {
            ["x-queue-type"] = "quorum",
            ["x-message-ttl"] = 1,
            ["x-dead-letter-exchange"] = "",
            ["x-dead-letter-routing-key"] = "handled",
            ["x-dead-letter-strategy"] = "at-least-once",
            ["x-overflow"] = "reject-publish",
        };
        await channel.QueueDeclareAsync("retry", durable: true, exclusive: false, autoDelete: false, retry);
        await channel.BasicPublishAsync("", "retry", mandatory: true, new BasicProperties { Persistent = true }, new byte[] { 7 });
        await Eventually.IsTrueAsync(
            async () => (await File.ReadAllTextAsync(servers.RabbitMq.LogFile)).Contains("Cannot forward any dead-letter", StringComparison.Ordinal),
            Deadline,
            "the broker finds no queue for what has expired");

        await channel.QueueDeclareAsync("handled", durable: true, exclusive: false, autoDelete: false);

        await Eventually.IsTrueAsync(
            async () => await channel.BasicGetAsync("handled", autoAck: true) is { } message && message.Body.Span[0] == 7,
            Deadline,
            "the broker offers it again");
    }

    private static Task<IConnection> ConnectAsync(NativeServers servers) =>
        new ConnectionFactory { Uri = new Uri(servers.RabbitMq.Uri), AutomaticRecoveryEnabled = false }.CreateConnectionAsync();

    private static async Task<object?> ExecuteAsync(string database, string sql)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}
