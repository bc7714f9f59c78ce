using System.Diagnostics;
using System.Text;
using RabbitMQ.Client;

namespace Servers.Tests;

[Collection(ServersCollection.Name)]
[Trait("Needs", "servers")]
public sealed class TestSupportTests(ServersFixture fixture)
{
    [Fact]
    public async Task Each_arena_has_a_database_of_its_own_that_is_dropped_at_the_end()
    {
        string name;
        await using (var one = await fixture.NewArenaAsync())
        await using (var other = await fixture.NewArenaAsync())
        {
            name = one.Name;
            await one.ExecuteAsync("CREATE TABLE mine (id int)");

            Assert.True(await one.ScalarAsync<bool>("SELECT to_regclass('mine') IS NOT NULL"));
            Assert.False(await other.ScalarAsync<bool>("SELECT to_regclass('mine') IS NOT NULL"));
        }

        await using var later = await fixture.NewArenaAsync();
        Assert.Equal(0, await later.ScalarAsync<long>("SELECT count(*) FROM pg_database WHERE datname = $1", name));
    }

    [Fact]
    public async Task The_database_keeps_what_it_commits()
    {
        await using var arena = await fixture.NewArenaAsync();

        foreach (var setting in new[] { "fsync", "full_page_writes", "synchronous_commit" })
        {
            Assert.Equal("on", await arena.ScalarAsync<string>($"SHOW {setting}"));
        }
    }

    [Fact]
    public async Task A_tap_sees_the_keys_it_is_bound_to_and_repeats_too()
    {
        await using var arena = await fixture.NewArenaAsync();
        await using var tap = await Tap.OpenAsync(arena.RabbitMq, arena.Name, "wanted");
        var channel = await (await arena.ConnectAsync()).CreateChannelAsync(new CreateChannelOptions(true, true));

        foreach (var (key, id) in new[] { ("wanted", "1"), ("unwanted", "2"), ("wanted", "3"), ("wanted", "1") })
        {
            var properties = new BasicProperties { MessageId = id, Headers = new Dictionary<string, object?> { ["key"] = "k" + id } };
            await channel.BasicPublishAsync(arena.Name, key, mandatory: false, properties, Encoding.UTF8.GetBytes(id));
        }

        var seen = await tap.ReadUntilAsync(2, TimeSpan.FromSeconds(10));
        Assert.Equal(["1", "3", "1"], seen.Select(delivery => delivery.MessageId!));
        Assert.Equal("k3", seen[1].Key);
        Assert.Equal("3", Encoding.UTF8.GetString(seen[1].Body));
    }

    [Fact]
    public async Task An_effect_that_does_not_come_fails_the_test_with_what_was_waited_for()
    {
        var waited = Stopwatch.StartNew();

        var failure = await Assert.ThrowsAsync<TimeoutException>(
            () => Eventually.EqualsAsync(2, () => Task.FromResult(1), TimeSpan.FromMilliseconds(200), "two of them"));

        Assert.Equal("Not within 0.2 s: two of them (expected 2, last was 1)", failure.Message);
        Assert.True(waited.Elapsed < TimeSpan.FromSeconds(5));
    }
}
