using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Inbox.Tests.Consuming;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class EffectOnceTests(ServersFixture servers) : IAsyncLifetime
{
    private InboxArena _arena = null!;

    public async Task InitializeAsync() => _arena = await InboxArena.CreateAsync(servers);

    public async Task DisposeAsync() => await _arena.DisposeAsync();

    [Fact]
    public async Task A_message_has_its_effect_and_is_acked()
    {
        await using var consumer = await _arena.ConsumeAsync();

        var id = await _arena.PublishAsync(new Noted("hello", 7), key: "k");

        await _arena.UntilNotesAsync(1);
        Assert.Equal(1, await _arena.NotesAsync($"message_id = '{id}' AND text = 'hello' AND number = 7 AND key = 'k' AND attempt = 1"));
        await _arena.UntilSettledAsync(consumer);
        Assert.Equal(1, consumer.Counts["inbox.handled"]);
    }

    [Fact]
    public async Task A_message_that_arrives_again_has_no_second_effect()
    {
        await using var consumer = await _arena.ConsumeAsync();
        var id = await _arena.PublishAsync(new Noted("once"));
        await _arena.UntilNotesAsync(1);

        await _arena.PublishAsync(new Noted("once"), id: id);

        await Eventually.EqualsAsync(1, () => Task.FromResult(consumer.Counts["inbox.duplicates_suppressed"]), TimeSpan.FromSeconds(10), "suppressed");
        await _arena.UntilSettledAsync(consumer);
        Assert.Equal(1, await _arena.NotesAsync());
    }

    [Fact]
    public async Task Copies_of_a_message_in_one_batch_have_one_effect()
    {
        await using (await _arena.ConsumeAsync())
        {
        }

        var ids = Enumerable.Range(0, 40).Select(_ => Guid.CreateVersion7()).ToList();
        foreach (var id in ids.Concat(ids).Concat(ids))
        {
            await _arena.PublishAsync(new Noted("same"), id: id);
        }

        await using var consumer = await _arena.ConsumeAsync();

        await Eventually.EqualsAsync(80, () => Task.FromResult(consumer.Counts["inbox.duplicates_suppressed"]), TimeSpan.FromSeconds(10), "suppressed");
        await _arena.UntilSettledAsync(consumer);
        Assert.Equal(40, await _arena.NotesAsync());
        Assert.Equal(40, await _arena.Servers.ScalarAsync<long>("SELECT count(DISTINCT message_id) FROM note"));
    }

    [Fact]
    public async Task Another_message_under_a_handled_id_becomes_a_dead_letter()
    {
        await using var consumer = await _arena.ConsumeAsync();
        var id = await _arena.PublishAsync(new Noted("first"));
        await _arena.UntilNotesAsync(1);

        await _arena.PublishAsync(new Noted("second"), id: id);

        var dead = await _arena.DeadLetterAsync();
        Assert.Equal(id.ToString(), dead.MessageId);
        Assert.Contains("bodies differ", dead.Reason, StringComparison.Ordinal);
        await _arena.UntilSettledAsync(consumer);
        Assert.Equal(1, await _arena.NotesAsync());
    }

    [Theory]
    [InlineData("pool")]
    [InlineData("retry")]
    [InlineData("pool and retry")]
    public async Task It_works_with_a_pooled_context_and_with_a_retrying_strategy(string kind)
    {
        await using var consumer = await _arena.ConsumeAsync(setup => setup.AddContext = services =>
        {
            void Configure(DbContextOptionsBuilder options) => options.UseNpgsql(
                _arena.Servers.Postgres, npgsql => _ = kind.Contains("retry", StringComparison.Ordinal) ? npgsql.EnableRetryOnFailure() : npgsql);
            _ = kind.Contains("pool", StringComparison.Ordinal)
                ? services.AddDbContextPool<NotesContext>(Configure)
                : services.AddDbContext<NotesContext>(Configure);
        });

        await _arena.PublishManyAsync(300, i => $"k{i % 5}");

        await _arena.UntilNotesAsync(300);
        await _arena.UntilSettledAsync(consumer);
    }
}
