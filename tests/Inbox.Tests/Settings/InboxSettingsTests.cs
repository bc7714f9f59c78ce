using Messaging;
using Microsoft.Extensions.Configuration;

namespace Inbox.Tests.Settings;

public sealed class InboxSettingsTests
{
    [Fact]
    public void What_is_not_set_has_its_default()
    {
        var options = Read();

        Assert.Equal((100, 400, 2, 50), (options.BatchSize, options.Prefetch, options.Lanes, options.DeliveryLimit));
        Assert.Equal((TimeSpan.FromSeconds(30), TimeSpan.FromDays(30)), (options.HandlerTimeout, options.Retention));
        Assert.Equal((1, 2d, 5), (options.Retry.Immediate, options.Retry.Factor, options.Retry.Tries));
        Assert.Equal((TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(5)), (options.Retry.First, options.Retry.Cap));
    }

    [Theory]
    [InlineData("BatchSize", "1", "1000")]
    [InlineData("Prefetch", "100", "10000")]
    [InlineData("Lanes", "1", "64")]
    [InlineData("HandlerTimeout", "100ms", "1h")]
    [InlineData("Retention", "1h", "3650d")]
    [InlineData("DeliveryLimit", "5", "1000")]
    [InlineData("Retry:Immediate", "0", "10")]
    [InlineData("Retry:First", "100ms", "1h")]
    [InlineData("Retry:Factor", "1", "10")]
    [InlineData("Retry:Cap", "2s", "1d")]
    [InlineData("Retry:Tries", "0", "20")]
    public void Values_at_the_bounds_are_taken(string name, string min, string max)
    {
        Read((name, min));
        Read((name, max));
    }

    [Theory]
    [InlineData("BatchSize", "0")]
    [InlineData("BatchSize", "1001")]
    [InlineData("BatchSize", "ten")]
    [InlineData("Prefetch", "99")]
    [InlineData("Lanes", "0")]
    [InlineData("Lanes", "65")]
    [InlineData("HandlerTimeout", "99ms")]
    [InlineData("HandlerTimeout", "61min")]
    [InlineData("HandlerTimeout", "30")]
    [InlineData("Retention", "59min")]
    [InlineData("Retention", "3651d")]
    [InlineData("DeliveryLimit", "4")]
    [InlineData("DeliveryLimit", "1001")]
    [InlineData("Retry:Immediate", "-1")]
    [InlineData("Retry:Immediate", "11")]
    [InlineData("Retry:First", "99ms")]
    [InlineData("Retry:First", "61min")]
    [InlineData("Retry:Factor", "0.9")]
    [InlineData("Retry:Factor", "10.1")]
    [InlineData("Retry:Factor", "NaN")]
    [InlineData("Retry:Cap", "1s")]
    [InlineData("Retry:Tries", "-1")]
    [InlineData("Retry:Tries", "21")]
    public void A_value_out_of_bounds_is_refused_with_its_name_and_value(string name, string value)
    {
        var refusal = Assert.Throws<SettingsException>(() => Read((name, value)));

        Assert.Contains($"Inbox__{name.Replace(":", "__", StringComparison.Ordinal)} is \"{value}\"", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("it must be", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Prefetch", "10001", "a whole number from 100 to 10000")]
    [InlineData("Retry:Cap", "25h", "a duration from 2 s to 1 d")]
    public void A_value_above_a_bound_that_begins_at_another_setting_is_refused_with_both_ends(string name, string value, string bound)
    {
        var refusal = Assert.Throws<SettingsException>(() => Read((name, value)));

        Assert.Contains($"is \"{value}\": it must be {bound}", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Batchsizes")]
    [InlineData("Retry:Attempts")]
    public void An_unknown_name_is_refused(string name)
    {
        var refusal = Assert.Throws<SettingsException>(() => Read((name, "1")));

        Assert.Contains($"Inbox__{name.Replace(":", "__", StringComparison.Ordinal)} is not a setting", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_larger_batch_raises_the_prefetch_that_is_not_set()
    {
        Assert.Equal(1_000, Read(("BatchSize", "1000")).Prefetch);
    }

    [Fact]
    public void A_retention_that_ends_before_the_longest_wait_for_a_retry_is_refused()
    {
        (string, string)[] waits = [("Retry:First", "1h"), ("Retry:Factor", "10"), ("Retry:Cap", "1d")];

        var refusal = Assert.Throws<SettingsException>(() => Read([("Retention", "10h"), .. waits]));

        Assert.Contains("Inbox__Retention is \"10:00:00\": it must be longer than the longest wait for a retry (1.00:00:00)", refusal.Message, StringComparison.Ordinal);
        Read([("Retention", "25h"), .. waits]);
    }

    private static InboxOptions Read(params (string Name, string Value)[] settings) => InboxOptions.Read(
        new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create($"Inbox:{setting.Name}", (string?)setting.Value)))
            .Build());
}
