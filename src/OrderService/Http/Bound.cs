namespace OrderService.Http;

/// <summary>What a value must be.</summary>
/// <param name="Text">In words that follow "must be".</param>
/// <param name="Allows">Whether a value is.</param>
internal sealed record Bound<T>(string Text, Func<T, bool> Allows);
