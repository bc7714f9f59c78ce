namespace OrderService.Greetings;

/// <summary>A greeting as clients see it.</summary>
internal sealed record GreetingResponse(Guid Id, string Name);
