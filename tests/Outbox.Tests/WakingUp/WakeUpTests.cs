using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using Xunit.Abstractions;

namespace Outbox.Tests.WakingUp;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class WakeUpTests(ServersFixture servers, ITestOutputHelper output)
{
    [Theory]
    [InlineData("READ COMMITTED", 0)]
    [InlineData("REPEATABLE READ", 0)]
    [InlineData("READ COMMITTED", 15)]
    [InlineData("REPEATABLE READ", 15)]
    public async Task Single_inserts_at_random_moments_around_falling_asleep_are_delivered_at_once(string isolation, int openMilliseconds)
    {
        var waits = await WaitsAsync(isolation, openMilliseconds, count: 300);

        // The bounds of an idle machine are those of the next test. A missed wake-up would cost a minute.
        Assert.True(Median(waits) < 500 && waits[^1] < 20_000, $"The median was {Median(waits):0.0} ms, the longest wait {waits[^1]:0} ms.");
    }

    /// <summary>On a machine that does nothing else.</summary>
    [Theory]
    [InlineData("READ COMMITTED")]
    [InlineData("REPEATABLE READ")]
    [Trait("Speed", "slow")]
    public async Task None_of_two_thousand_single_inserts_waits_longer_than_a_tenth_of_a_second(string isolation)
    {
        var waits = await WaitsAsync(isolation, openMilliseconds: 15, count: 2_000);

        Assert.True(Median(waits) < 5 && waits[^1] < 100, $"The median was {Median(waits):0.0} ms, the longest wait {waits[^1]:0} ms.");
    }

    private static double Median(List<double> waits) => waits[waits.Count / 2];

    /// <summary>From each commit to the arrival of its message, in milliseconds, ascending.</summary>
    private async Task<List<double>> WaitsAsync(string isolation, int openMilliseconds, int count)
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        var arrived = new ConcurrentDictionary<int, long>();
        var connection = await arena.Arena.ConnectAsync();
        await using var channel = await connection.CreateChannelAsync();
        await channel.ExchangeDeclareAsync(arena.Exchange, ExchangeType.Topic, durable: true);
        await channel.QueueDeclareAsync(arena.Arena.Name, durable: true, exclusive: false, autoDelete: false);
        await channel.QueueBindAsync(arena.Arena.Name, arena.Exchange, NoteTaken.MessageType);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, delivery) =>
        {
            var digits = Encoding.UTF8.GetString(delivery.Body.Span)["{\"number\":".Length..^1];
            arrived.TryAdd(int.Parse(digits, CultureInfo.InvariantCulture), Stopwatch.GetTimestamp());
            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync(arena.Arena.Name, autoAck: true, consumer);
        // So slow a poll that it cannot make up for a missed notification, and so small a page that three rows wake it up by
        // the book: for a single one it stays asleep.
        await arena.StartRelayAsync(("Outbox:PollInterval", "1min"), ("Outbox:BatchSize", "1"));
        await arena.IsAsleepAsync();
        await using var producer = await arena.OpenAsync();
        var random = new Random(17);
        var waits = new List<double>();

        for (var number = 0; number < count; number++)
        {
            await using (var transaction = await producer.BeginTransactionAsync(Enum.Parse<System.Data.IsolationLevel>(isolation.Replace(" ", "", StringComparison.Ordinal), ignoreCase: true)))
            {
                await using var snapshot = new NpgsqlCommand("SELECT 1", producer);
                await snapshot.ExecuteScalarAsync();
                for (var row = number % 2 * 2; row >= 0; row--)
                {
                    await producer.AddNoteAsync(arena, number, null);
                }

                await PassAsync(random.NextDouble() * openMilliseconds);
                await transaction.CommitAsync();
            }

            var committed = Stopwatch.GetTimestamp();
            await Eventually.IsTrueAsync(() => arrived.ContainsKey(number), TimeSpan.FromSeconds(20), $"message {number} arrived");
            waits.Add(Stopwatch.GetElapsedTime(committed, arrived[number]).TotalMilliseconds);
            // The relay falls asleep within a few milliseconds of its last message.
            await PassAsync(random.NextDouble() * 8);
        }

        var longest = waits.IndexOf(waits.Max());
        waits.Sort();
        output.WriteLine($"median {Median(waits):0.0} ms, longest {waits[^1]:0} ms, that of message {longest}");
        return waits;
    }

    private static async Task PassAsync(double milliseconds)
    {
        var until = Stopwatch.GetTimestamp() + (long)(milliseconds * Stopwatch.Frequency / 1_000);
        while (Stopwatch.GetTimestamp() < until)
        {
            await Task.Yield();
        }
    }

    [Fact]
    public async Task A_producer_that_believed_the_relay_awake_keeps_it_from_sleeping_until_it_has_ended()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        await using var producer = await arena.OpenAsync();
        await using var transaction = await producer.BeginTransactionAsync();
        // Nobody sleeps yet, so this insert takes the shared lock and will not notify.
        await producer.AddNoteAsync(arena, 1, null);
        await arena.StartRelayAsync(("Outbox:PollInterval", "1min"));
        await arena.IsOwnedAsync();
        await arena.AddNotesAsync(2, 1);
        await tap.ReadUntilAsync(1, TimeSpan.FromSeconds(20));

        await transaction.CommitAsync();

        // Well before the poll: the relay kept looking, since it was refused the sleep lock.
        await tap.ReadUntilAsync(2, TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Without_the_trigger_a_sleeping_relay_finds_rows_when_it_polls()
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        await arena.Arena.ExecuteAsync("DROP TRIGGER outbox_message_wake_up ON outbox_message");
        await arena.StartRelayAsync(("Outbox:PollInterval", "200ms"));
        await arena.IsAsleepAsync();

        await arena.AddNotesAsync(1, 1);

        await tap.ReadUntilAsync(1, TimeSpan.FromSeconds(10));
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task A_commit_in_the_relays_own_process_wakes_it_without_the_database(bool transactionOfItsOwn, bool blocking)
    {
        await using var arena = await OutboxArena.CreateAsync(servers);
        await using var tap = await arena.OpenTapAsync();
        await arena.Arena.ExecuteAsync("DROP TRIGGER outbox_message_wake_up ON outbox_message");
        var relay = await arena.StartRelayAsync(("Outbox:PollInterval", "1min"));
        await arena.IsAsleepAsync();
        await using var db = arena.NewContext(relay.Services.GetRequiredService<OutboxOptions>());
        await using var transaction = transactionOfItsOwn ? await db.Database.BeginTransactionAsync() : null;
        // Two rows: EF Core saves a single one without a transaction.
        db.AddMessage(new NoteTaken(1, "text"));
        db.AddMessage(new NoteTaken(2, "text"));

        if (blocking)
        {
            db.SaveChanges();
            transaction?.Commit();
        }
        else
        {
            await db.SaveChangesAsync();
            await (transaction?.CommitAsync() ?? Task.CompletedTask);
        }

        await tap.ReadUntilAsync(2, TimeSpan.FromSeconds(10));
    }
}
