using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Inbox.Tests.Consuming;

public sealed class EffectOnceTests(ServersFixture servers) : ArenaTests(servers)
{
    private static readonly Guid Id = Guid.CreateVersion7();

    [Fact]
    public async Task A_message_has_its_effect_and_is_acked()
    {
        await using var consumer = await Arena.ConsumeAsync();

        var id = await Arena.PublishAsync(new Noted("hello", 7), key: "k");

        await Arena.UntilNotesAsync(1);
        Assert.Equal(1, await Arena.NotesAsync($"message_id = '{id}' AND text = 'hello' AND number = 7 AND key = 'k' AND attempt = 1"));
        await Arena.UntilSettledAsync(consumer);
        Assert.Equal(1, consumer.Counts["inbox.handled"]);
    }

    [Fact]
    public async Task A_message_that_arrives_again_has_no_second_effect()
    {
        await using var consumer = await Arena.ConsumeAsync();
        var id = await Arena.PublishAsync(new Noted("once"));
        await Arena.UntilNotesAsync(1);

        await Arena.PublishAsync(new Noted("once"), id: id);

        await consumer.UntilCountAsync("inbox.duplicates_suppressed", 1);
        await Arena.UntilSettledAsync(consumer);
        Assert.Equal(1, await Arena.NotesAsync());
    }

    [Fact]
    public async Task A_copy_in_one_batch_with_another_message_of_its_id_is_a_duplicate_and_no_dead_letter()
    {
        await using (var first = await Arena.ConsumeAsync())
        {
            await Arena.PublishAsync(new Noted("true"), key: "k", id: Id);
            await Arena.UntilNotesAsync(1);
        }

        // Batches of 1, 2 and 4, and one of 8 with both in it.
        await Arena.PublishManyAsync(7, _ => "k");
        await Arena.PublishAsync(new Noted("another"), key: "k", id: Id);
        await Arena.PublishAsync(new Noted("true"), key: "k", id: Id);
        await Arena.PublishManyAsync(10, _ => "k");
        await using var consumer = await Arena.ConsumeAsync(setup => setup.Settings["Inbox:Lanes"] = "1");

        await Arena.UntilNotesAsync(18);
        await consumer.UntilCountAsync("inbox.duplicates_suppressed", 1);
        // A stop would leave it in the queue while the connection for copies is being made.
        await consumer.UntilCountAsync("inbox.dead_lettered", 1);
        await Arena.UntilSettledAsync(consumer);
        Assert.Equal(1u, await Arena.MessagesAsync(Arena.DeadQueue));
    }

    [Fact]
    public async Task Copies_of_a_message_in_one_batch_have_one_effect()
    {
        await Arena.DeclareAsync();

        var ids = Enumerable.Range(0, 40).Select(_ => Guid.CreateVersion7()).ToList();
        foreach (var id in ids.Concat(ids).Concat(ids))
        {
            await Arena.PublishAsync(new Noted("same"), id: id);
        }

        await using var consumer = await Arena.ConsumeAsync();

        await consumer.UntilCountAsync("inbox.duplicates_suppressed", 80);
        await Arena.UntilSettledAsync(consumer);
        Assert.Equal(40, await Arena.NotesAsync());
        Assert.Equal(40, await Arena.Servers.ScalarAsync<long>("SELECT count(DISTINCT message_id) FROM note"));
    }

    [Fact]
    public async Task Another_message_under_a_handled_id_becomes_a_dead_letter()
    {
        await using var consumer = await Arena.ConsumeAsync();
        var id = await Arena.PublishAsync(new Noted("first"));
        await Arena.UntilNotesAsync(1);

        await Arena.PublishAsync(new Noted("second"), id: id);

        var dead = await Arena.DeadLetterAsync();
        Assert.Equal(id.ToString(), dead.MessageId);
        Assert.Contains("bodies differ", dead.Reason, StringComparison.Ordinal);
        await Arena.UntilSettledAsync(consumer);
        Assert.Equal(1, await Arena.NotesAsync());
    }

    [Theory]
    [InlineData("pool")]
    [InlineData("retry")]
    [InlineData("pool and retry")]
    public async Task It_works_with_a_pooled_context_and_with_a_retrying_strategy(string kind)
    {
        await using var consumer = await Arena.ConsumeAsync(setup => setup.AddContext = services =>
        {
            void Configure(DbContextOptionsBuilder options) => options.UseNpgsql(
                Arena.Servers.Postgres, npgsql => _ = kind.Contains("retry", StringComparison.Ordinal) ? npgsql.EnableRetryOnFailure() : npgsql);
            _ = kind.Contains("pool", StringComparison.Ordinal)
                ? services.AddDbContextPool<NotesContext>(Configure)
                : services.AddDbContext<NotesContext>(Configure);
        });

        await Arena.PublishManyAsync(300, i => $"k{i % 5}");

        await Arena.UntilNotesAsync(300);
        await Arena.UntilSettledAsync(consumer);
    }
}
