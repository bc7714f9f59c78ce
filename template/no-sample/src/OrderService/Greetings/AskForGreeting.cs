using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using OrderService.Database;
using OrderService.Greetings.Contracts;
using OrderService.Http;
using Outbox;

namespace OrderService.Greetings;

/// <summary>POST /greetings</summary>
internal static class AskForGreeting
{
    private static readonly Bound<string> Name = PrintableText.Bound(1, 64);

    public static void MapGreetings(this IEndpointRouteBuilder routes) => routes.MapPost("/greetings", HandleAsync)
        .WithName("askForGreeting")
        .WithSummary("Asks for a greeting.")
        .WithDescription("The greeting and its message are stored in one transaction.")
        .AddEndpointFilter<RefusalFilter>()
        .Accepts<Request>("application/json")
        .Produces<GreetingResponse>(StatusCodes.Status201Created)
        .ProducesValidationProblem()
        .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    private static async Task<Created<GreetingResponse>> HandleAsync(HttpRequest http, OrdersDbContext db, CancellationToken cancellationToken)
    {
        var request = Bind(await JsonBody.ReadAsync(http, shape => shape == "name" ? Name.Text : null, cancellationToken));
        var greeting = new Greeting { Id = Guid.CreateVersion7(), Name = request.Name };
        await db.CommitAsync(
            async token =>
            {
                db.Greetings.Add(greeting);
                db.AddMessage(new GreetingAsked(greeting.Id, greeting.Name), key: greeting.Id.ToString());
                await db.SaveChangesAsync(token);
                return greeting;
            },
            token => db.Greetings.AnyAsync(g => g.Id == greeting.Id, token),
            cancellationToken);
        return TypedResults.Created((string?)null, new GreetingResponse(greeting.Id, greeting.Name));
    }

    private static Request Bind(JsonElement body)
    {
        var errors = new FieldErrors();
        var request = new Request(JsonFields.OfRoot(body, errors).Text("name", Name));
        errors.ThrowIfAny();
        return request;
    }

    /// <summary>The body of the request, within its bounds.</summary>
    internal sealed record Request(string Name);
}
